//! Seeded images that look and compress like natural photographs, for benchmarks without a data set.
//!
//! A 1/f noise pyramid (Burt and Adelson 1983) textures a dead-leaves scene (Lee, Mumford and Huang 2001) whose
//! topmost shape gives the class. All arithmetic is integer, so a seed gives the same bytes on every machine. Colours
//! are (luminance, warm-cool, green-magenta) in 1/16 grey level; Qn means fixed point with n fraction bits. Constants
//! were tuned at 32x32x3 to CIFAR-10's PNG and deflate sizes, spectrum and channel correlations.

use std::array::from_fn;

/// SplitMix64's increment, 2^64 divided by the golden ratio.
const GAMMA: u64 = 0x9E37_79B9_7F4A_7C15;
/// (cos, sin) in Q10, in steps of 22.5 degrees.
const DIRECTIONS: [[i64; 2]; 8] =
    [[1024, 0], [946, 392], [724, 724], [392, 946], [0, 1024], [-392, 946], [-724, 724], [-946, 392]];
#[rustfmt::skip]
const CLASSES: [Class; 10] = [
    Class(Shape::Diamond,   [560, 1300], 1, [150, -22, 2], [105, -4, 0]),
    Class(Shape::Box,       [700, 1000], 0, [130, 4, 0],   [95, 26, -8]),
    Class(Shape::Ellipse,   [1000, 750], 3, [130, 4, 10],  [85, 10, 2]),
    Class(Shape::Ellipse,   [800, 800],  4, [105, 8, 0],   [150, 14, 0]),
    Class(Shape::Diamond,   [650, 850],  6, [95, 4, 10],   [145, 18, 0]),
    Class(Shape::Ring,      [620, 700],  2, [125, 10, -2], [160, 12, -2]),
    Class(Shape::Ellipse,   [800, 1000], 7, [90, 14, 10],  [140, 6, 16]),
    Class(Shape::Box,       [1200, 650], 1, [140, 4, 6],   [85, 16, -2]),
    Class(Shape::HalfPlane, [700, 700],  0, [155, -12, 0], [85, -18, 3]),
    Class(Shape::Box,       [720, 640],  0, [110, -4, 0],  [160, 4, -4]),
];

/// Object's shape, inverse radii (256: the image's longer side), direction; ground and object colour (grey levels).
struct Class(Shape, [i32; 2], i32, [i32; 3], [i32; 3]);

/// SplitMix64 (Steele, Lea and Flood 2014): value-stable, and its n-th output needs no earlier one.
struct SplitMix64(u64);
impl SplitMix64 {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(GAMMA);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }
    /// Uniform integer in `low..=high`, a range of at most 2^16.
    fn range(&mut self, low: i32, high: i32) -> i32 {
        low + (((self.next() >> 48) as i64 * i64::from(high - low + 1)) >> 16) as i32
    }
    /// Colour near `base` (grey levels) and a texture contrast (Q8), many low and few high.
    fn paint(&mut self, base: [i32; 3], exposure: i32, spread: i32) -> [i32; 4] {
        let contrast = self.range(6, 22).pow(2);
        let mut near = |base, spread: i32| (base + self.range(-spread, spread)) * 16;
        [near(base[0] + exposure, spread), near(base[1], spread / 3), near(base[2], spread / 5), contrast]
    }
}

#[derive(Clone, Copy)]
#[rustfmt::skip]
enum Shape { HalfPlane, Ellipse, Box, Diamond, Ring }

/// One occluding shape, in coordinates where its outline is one unit from its centre.
struct Layer {
    shape: Shape,
    /// Unit coordinates (Q22) of pixel (0, 0), and their change per column and per row.
    map: [[i32; 2]; 3],
    /// Coverage (Q8) gained per unit of depth: the inverse of the edge's blur.
    sharpness: i32,
    /// How far noise displaces the outline (Q8).
    wobble: i32,
    /// Colour and texture contrast.
    paint: [i32; 4],
}
impl Layer {
    fn paint_row(&self, y: i32, noise: &[[i32; 4]], canvas: &mut [[i32; 4]]) {
        let disc = |p: i32, q: i32| 512 - ((p * p + q * q) >> 11);
        match self.shape {
            Shape::HalfPlane => self.blend_row(|_, q| q, y, noise, canvas),
            Shape::Ellipse => self.blend_row(disc, y, noise, canvas),
            Shape::Box => self.blend_row(|p, q| 1024 - p.abs().max(q.abs()), y, noise, canvas),
            Shape::Diamond => self.blend_row(|p, q| (1024 - p.abs() - q.abs()) * 3 / 4, y, noise, canvas),
            Shape::Ring => self.blend_row(|p, q| disc(p, q).min(330 - disc(p, q)), y, noise, canvas),
        }
    }

    /// Blends the paint over `canvas` inside the outline, where `depth` is positive (it and its arguments: units, Q10).
    fn blend_row(&self, depth: impl Fn(i32, i32) -> i32, y: i32, noise: &[[i32; 4]], canvas: &mut [[i32; 4]]) {
        let [origin, dx, dy] = self.map;
        let (mut p, mut q) = (origin[0] + y * dy[0], origin[1] + y * dy[1]);
        for (pixel, noise) in canvas.iter_mut().zip(noise) {
            let depth = depth((p >> 12).clamp(-4096, 4096), (q >> 12).clamp(-4096, 4096));
            let wobbly = (depth + ((noise[3] * self.wobble) >> 8)).clamp(-4096, 4096);
            let coverage = (128 + ((wobbly * self.sharpness) >> 10)).clamp(0, 256);
            (p, q) = (p + dx[0], q + dx[1]);
            if coverage > 0 {
                for (under, over) in pixel.iter_mut().zip(self.paint) {
                    *under += ((over - *under) * coverage) >> 8;
                }
            }
        }
    }
}

/// Generator for one (seed, shape).
pub struct Generator {
    seed: u64,
    channels: usize,
    /// Height and width of each pyramid level, finest first; the last is flat.
    levels: Vec<[usize; 2]>,
}
impl Generator {
    /// Prepares images of `height` x `width` pixels of 1 to 4 channels: grey alone,
    /// or the first of red, green, blue and near-infrared (correlated with the others, so not an alpha).
    pub fn new(seed: u64, height: u32, width: u32, channels: u32) -> Self {
        let mut levels = vec![[height.max(1) as usize, width.max(1) as usize]];
        for k in 0..=height.max(width).max(1).ilog2() as usize {
            levels.push(levels[k].map(|n| n.div_ceil(2) + 2)); // room for upsampling's neighbours
        }
        Self { seed, channels: channels.clamp(1, 4) as usize, levels }
    }

    /// Fills `out` (height * width * channels bytes, row-major HWC) with image `index`; returns its label, 0 to 9.
    /// The image's random stream starts at output `index` of the stream that starts at the seed.
    pub fn fill(&self, index: u64, out: &mut [u8]) -> u32 {
        let mut rng = SplitMix64(SplitMix64(self.seed.wrapping_add(GAMMA.wrapping_mul(index))).next());
        let (label, exposure) = (rng.range(0, 9) as usize, rng.range(-30, 30));
        let ground = rng.paint(CLASSES[label].3, exposure, 60);
        let layers = [false, false, false, true].map(|top| self.layer(&mut rng, label, exposure, top));
        let noise = self.noise(&mut rng);
        let grain = rng.range(1, 6);
        let mixing = if self.channels == 1 { [[0, 0]; 4] } else { [[4, 0], [0, 4], [-4, 0], [1, -3]] };
        let width = self.levels[0][1];
        let mut canvas = vec![ground; width];
        let rows = noise.chunks_exact(width).zip(out.chunks_exact_mut(width * self.channels));
        for (y, (noise, out)) in (0..).zip(rows) {
            canvas.fill(ground);
            layers.iter().for_each(|layer| layer.paint_row(y, noise, &mut canvas));
            for ((pixel, noise), paint) in out.chunks_exact_mut(self.channels).zip(noise).zip(&canvas) {
                let colour = [0, 1, 2].map(|c| paint[c] + ((noise[c] * paint[3]) >> 8));
                expose(pixel, &mixing, colour, grain, rng.next());
            }
        }
        label as u32
    }

    /// A random leaf in the ground's colours, or the object that gives the class.
    fn layer(&self, rng: &mut SplitMix64, label: usize, exposure: i32, is_object: bool) -> Layer {
        let Class(object, radii, direction, ground_colour, object_colour) = CLASSES[label];
        let leaf = [Shape::HalfPlane, Shape::Ellipse, Shape::Box, Shape::Diamond][rng.range(0, 3) as usize];
        let zoom = rng.range(200, 320);
        let (shape, paint, inverse, drift) = if is_object {
            (object, rng.paint(object_colour, exposure, 75), radii.map(|r| r * zoom / 256), 24)
        } else {
            let inverse = [rng.range(600, 2500), rng.range(900, 4000)]; // elongated along the class's direction
            (leaf, rng.paint(ground_colour, exposure, 90), inverse, 140)
        };
        let size = self.levels[0].map(|n| n as i64);
        let side = size[0].max(size[1]);
        let [row, column] = size.map(|n| n * i64::from(rng.range(128 - drift, 128 + drift)) / 256);
        let [cos, sin] = DIRECTIONS[(direction + rng.range(0, 5) / 5) as usize % 8];
        let [u, v] = inverse.map(|r| (i64::from(r) << 14) / side);
        let (dx, dy) = ([(u * cos) >> 10, (-v * sin) >> 10], [(u * sin) >> 10, (v * cos) >> 10]);
        let origin = [0, 1].map(|i| -(column * dx[i] + row * dy[i]));
        let map = [origin, dx, dy].map(|pair| pair.map(|n| n as i32));
        let blur = rng.range(300, 800); // pixels, Q8
        let sharpness = (side << 24) / i64::from(inverse[0].max(inverse[1]) * blur);
        Layer { shape, map, sharpness: sharpness.min(1 << 17) as i32, wobble: rng.range(0, 130), paint }
    }

    /// Noise of about 1/f amplitude: luminance, two smoother chroma planes, and the wobble of outlines.
    fn noise(&self, rng: &mut SplitMix64) -> Vec<[i32; 4]> {
        let persistence = [rng.range(208, 280), 128, 128, 168]; // of the amplitude per octave, Q8
        let mut gain = [rng.range(650, 1800), rng.range(120, 420), rng.range(50, 140), 1500];
        let mut plane = vec![[0; 4]; self.levels.last().map_or(0, |[height, width]| height * width)];
        for (k, pair) in self.levels.windows(2).enumerate().rev() {
            gain[0] >>= if k == 0 { 2 } else { 0 }; // optics blur the finest octave
            plane = upsample(&plane, pair[1][1], pair[0]);
            for value in &mut plane {
                let bits = rng.next();
                *value = from_fn(|c| value[c] + ((i32::from((bits >> (16 * c)) as i16) * gain[c]) >> 15));
            }
            gain = from_fn(|c| (gain[c] * persistence[c]) >> 8);
        }
        plane
    }
}

/// Doubles a plane by quadratic B-spline subdivision: each value is 3/4 of the near, 1/4 of the far, along each axis.
fn upsample(coarse: &[[i32; 4]], coarse_width: usize, [height, width]: [usize; 2]) -> Vec<[i32; 4]> {
    let sources = |i: usize| (i / 2 + 1, i / 2 + 2 * (i % 2));
    let (mut blend, mut fine) = (Vec::with_capacity(coarse_width), Vec::with_capacity(height * width));
    for (near, far) in (0..height).map(sources) {
        let [near, far] = [near, far].map(|y| &coarse[y * coarse_width..][..coarse_width]);
        blend.clear();
        blend.extend(near.iter().zip(far).map(|(n, f)| -> [i32; 4] { from_fn(|c| 3 * n[c] + f[c]) }));
        let mix = |(x, z): (usize, usize)| -> [i32; 4] { from_fn(|c| (3 * blend[x][c] + blend[z][c]) >> 4) };
        fine.extend((0..width).map(sources).map(mix));
    }
    fine
}

/// Writes a pixel as a camera would: tone curve, colour mixing (Q2), sensor grain drawn from `bits`, 8-bit rounding.
fn expose(pixel: &mut [u8], mixing: &[[i32; 2]; 4], [luma, warm, green]: [i32; 3], grain: i32, bits: u64) {
    let luma = luma + (luma.clamp(45 * 16, 205 * 16) - luma) * 5 / 8;
    let shared = (((bits >> 48) & 0xFF) as i32 + (bits >> 56) as i32 - 255) * grain * 2;
    for (k, (byte, [w, g])) in pixel.iter_mut().zip(mixing).enumerate() {
        let own = (((bits >> (8 * k)) & 0xFF) as i32 - 128) * grain;
        let value = luma + ((w * warm + g * green) >> 2) + ((shared + own) >> 7);
        *byte = ((value + 8) >> 4).clamp(0, 255) as u8;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    const CIFAR: [u32; 3] = [32, 32, 3];

    fn image(seed: u64, index: u64, [height, width, channels]: [u32; 3]) -> (u32, Vec<u8>) {
        let mut out = vec![0; (height * width * channels) as usize];
        (Generator::new(seed, height, width, channels).fill(index, &mut out), out)
    }

    fn png_len(rgb: &[u8]) -> usize {
        let mut file = Vec::new();
        let mut encoder = png::Encoder::new(&mut file, 32, 32);
        encoder.set_color(png::ColorType::Rgb);
        encoder.set_compression(png::Compression::Balanced);
        encoder.write_header().unwrap().write_image_data(rgb).unwrap();
        file.len()
    }

    #[test]
    fn bytes_are_pinned() {
        // FNV-1a over a few images pins the bytes across machines and releases: change it only knowingly.
        let fnv = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01B3);
        let bytes = [CIFAR, [28, 28, 1], [97, 61, 4], [5, 300, 2]].iter().flat_map(|&shape| image(0, 1, shape).1);
        assert_eq!(bytes.fold(0xCBF2_9CE4_8422_2325, fnv), 0x8ABE_60CA_0482_8AF1);
    }

    #[test]
    fn images_depend_on_seed_and_index_only() {
        let generator = Generator::new(7, 32, 32, 3);
        let mut out = vec![0; 3072];
        for index in 0..20 {
            let label = generator.fill(index, &mut out);
            assert_eq!((label, out.clone()), image(7, index, CIFAR));
            assert!(out != image(7, index + 1, CIFAR).1 && out != image(8, index, CIFAR).1);
        }
    }

    #[test]
    fn any_shape_varies_and_none_overflows() {
        for shape in [[1, 1, 1], [28, 28, 1], [97, 61, 4], [224, 224, 3], [10_000, 1, 3], [1, 10_000, 3]] {
            let bytes: Vec<_> = (0..3).flat_map(|i| image(u64::MAX, u64::MAX - i, shape).1).collect();
            assert!(bytes.iter().any(|&byte| byte != bytes[0]), "{shape:?} is flat");
        }
    }

    #[test]
    fn labels_are_balanced_and_unordered() {
        let labels: Vec<_> = (0..10_000).map(|i| image(0, i, [1, 1, 1]).0).collect();
        assert!((0..10).all(|k| (800..=1200).contains(&labels.iter().filter(|&&label| label == k).count())));
        let repeats = labels.windows(2).filter(|pair| pair[0] == pair[1]).count();
        assert!((800..=1200).contains(&repeats), "{repeats} neighbours share a label");
    }

    #[test]
    fn classes_differ_and_png_sizes_match_cifar10() {
        let images: Vec<_> = (0..4000).map(|i| image(0, i, CIFAR)).collect();
        let (held_out, training) = images.split_at(1000);
        let mean = |class| -> Vec<i64> {
            let members: Vec<_> = training.iter().filter(|image| image.0 == class).collect();
            let sum = |i: usize| members.iter().map(|image| i64::from(image.1[i])).sum::<i64>();
            (0..3072).map(|i| sum(i) / members.len() as i64).collect()
        };
        let means: Vec<_> = (0..10).map(mean).collect();
        let distance = |(mean, &byte): (&i64, &u8)| (mean - i64::from(byte)).pow(2);
        let nearest = |p: &[u8]| (0..10).min_by_key(|&k| means[k].iter().zip(p).map(distance).sum::<i64>());
        let right = held_out.iter().filter(|(label, pixels)| nearest(pixels) == Some(*label as usize)).count();
        assert!(right > 200, "{right} of 1000 by nearest class mean");
        let mean_len = held_out.iter().map(|image| png_len(&image.1)).sum::<usize>() / held_out.len();
        assert!((2060..=2530).contains(&mean_len), "{mean_len} bytes");
    }
}
