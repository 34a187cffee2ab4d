//! Seeded images that look and compress like natural photographs, for benchmarks without a data set.
//!
//! A 1/f noise pyramid (Burt and Adelson 1983) textures a dead-leaves scene (Lee, Mumford and Huang 2001) whose
//! topmost shape gives the class. All arithmetic is integer, so a seed gives the same bytes on every machine. Colours
//! are (luminance, warm-cool, green-magenta) in 1/16 grey level; Qn means fixed point with n fraction bits. Constants
//! were tuned at 32x32x3 to CIFAR-10's PNG and deflate sizes, spectrum and channel correlations.

use super::layer::{Layer, Shape};
use super::splitmix::SplitMix64;
use std::array::from_fn;

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

/// What is drawn differently in pictures of different sizes; pairs are the ends of a range.
pub struct Style {
    /// Leaves under the object, and over it.
    leaves: [i32; 2],
    /// How much smaller each leaf is than the one before it (Q2 of the first one's inverse radius).
    shrinking: i32,
    /// Root of the contrast of textures.
    contrast: [i32; 2],
    /// Noise: amplitude of the coarsest octave, and what is left of it an octave later (Q8).
    gain: [i32; 2],
    persistence: [i32; 2],
    /// Blur of outlines (pixels, Q8).
    blur: [i32; 2],
    /// By how many powers of two optics dim the finest octave.
    softness: i32,
    grain: [i32; 2],
}
impl Style {
    /// As in CIFAR-10: few large things.
    pub const THUMBNAIL: Self = Self {
        leaves: [3, 0],
        shrinking: 0,
        contrast: [6, 22],
        gain: [650, 1800],
        persistence: [208, 280],
        blur: [300, 800],
        softness: 2,
        grain: [1, 6],
    };
    /// As in ImageNet: things of many sizes, partly out of focus.
    pub const PHOTOGRAPH: Self = Self {
        leaves: [9, 3],
        shrinking: 1,
        contrast: [6, 20],
        gain: [300, 780],
        persistence: [228, 284],
        blur: [300, 1600],
        softness: 0,
        grain: [10, 52],
    };
}

/// Generator for one (seed, shape, style).
pub struct Generator {
    style: &'static Style,
    seed: u64,
    channels: usize,
    /// Height and width of each pyramid level, finest first; the last is flat.
    levels: Vec<[usize; 2]>,
}
impl Generator {
    /// Prepares images of `height` x `width` pixels of 1 to 4 channels: grey alone,
    /// or the first of red, green, blue and near-infrared (correlated with the others, so not an alpha).
    pub fn new(style: &'static Style, seed: u64, height: u32, width: u32, channels: u32) -> Self {
        let mut levels = vec![[height.max(1) as usize, width.max(1) as usize]];
        for k in 0..=height.max(width).max(1).ilog2() as usize {
            levels.push(levels[k].map(|n| n.div_ceil(2) + 2)); // room for upsampling's neighbours
        }
        Self { style, seed, channels: channels.clamp(1, 4) as usize, levels }
    }

    /// Fills `out` (height * width * channels bytes, row-major HWC) with image `index`; returns its label, 0 to 9.
    pub fn fill(&self, index: u64, out: &mut [u8]) -> u32 {
        let mut rng = SplitMix64::nth(self.seed, index);
        let class = rng.range(0, 9) as u32;
        self.paint(rng, class, out);
        class
    }

    /// The same for a class that is given, 0 to 999: as many objects as there are classes above, in 100 tints each.
    pub fn fill_class(&self, index: u64, class: u32, out: &mut [u8]) {
        self.paint(SplitMix64::nth(self.seed, index), class, out);
    }

    fn paint(&self, mut rng: SplitMix64, class: u32, out: &mut [u8]) {
        let exposure = rng.range(-30, 30);
        let ground = self.coat(&mut rng, CLASSES[class as usize % 10].3, exposure, 60);
        let [under, over] = self.style.leaves;
        let layers: Vec<_> = (0..=under + over)
            .map(|nth| self.layer(&mut rng, class, exposure, (nth != under).then_some(nth)))
            .collect();
        let noise = self.noise(&mut rng);
        let grain = rng.range(self.style.grain[0], self.style.grain[1]);
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
    }

    /// Colour near `base` (grey levels) and a texture contrast (Q8), many low and few high.
    fn coat(&self, rng: &mut SplitMix64, base: [i32; 3], exposure: i32, spread: i32) -> [i32; 4] {
        let contrast = rng.range(self.style.contrast[0], self.style.contrast[1]).pow(2);
        let mut near = |base, spread: i32| (base + rng.range(-spread, spread)) * 16;
        [near(base[0] + exposure, spread), near(base[1], spread / 3), near(base[2], spread / 5), contrast]
    }

    /// A random leaf in the ground's colours, or the object that gives the class.
    fn layer(&self, rng: &mut SplitMix64, class: u32, exposure: i32, leaf: Option<i32>) -> Layer {
        let Class(object, radii, direction, ground_colour, object_colour) = CLASSES[class as usize % 10];
        let outline = rng.range(0, 3) as usize;
        let zoom = rng.range(200, 320);
        let (shape, paint, inverse, drift) = match leaf {
            None => {
                let tint = |digit| (class as i32 / digit + 5) % 10 - 5; // none for the first ten
                let colour = [0, tint(10) * 5, tint(100) * 3];
                let colour = from_fn(|i| object_colour[i] + colour[i]);
                (object, self.coat(rng, colour, exposure, 75), radii.map(|r| r * zoom / 256), 24)
            }
            Some(nth) => {
                // Elongated along the class's direction.
                let inverse =
                    [rng.range(600, 2500), rng.range(900, 4000)].map(|r| r * (4 + nth * self.style.shrinking) / 4);
                // A half-plane would hide all that is under it.
                let outline = outline.max(usize::from(nth * self.style.shrinking > 2));
                let outline = [Shape::HalfPlane, Shape::Ellipse, Shape::Box, Shape::Diamond][outline];
                (outline, self.coat(rng, ground_colour, exposure, 90), inverse, 140)
            }
        };
        let size = self.levels[0].map(|n| n as i64);
        let side = size[0].max(size[1]);
        let [row, column] = size.map(|n| n * i64::from(rng.range(128 - drift, 128 + drift)) / 256);
        let [cos, sin] = DIRECTIONS[(direction + rng.range(0, 5) / 5) as usize % 8];
        let [u, v] = inverse.map(|r| (i64::from(r) << 14) / side);
        let (dx, dy) = ([(u * cos) >> 10, (-v * sin) >> 10], [(u * sin) >> 10, (v * cos) >> 10]);
        let origin = [0, 1].map(|i| -(column * dx[i] + row * dy[i]));
        let map = [origin, dx, dy].map(|pair| pair.map(|n| n as i32));
        let blur = rng.range(self.style.blur[0], self.style.blur[1]);
        let sharpness = (side << 24) / i64::from(inverse[0].max(inverse[1]) * blur);
        Layer { shape, map, sharpness: sharpness.min(1 << 17) as i32, wobble: rng.range(0, 130), paint }
    }

    /// Noise of about 1/f amplitude: luminance, two smoother chroma planes, and the wobble of outlines.
    fn noise(&self, rng: &mut SplitMix64) -> Vec<[i32; 4]> {
        let Style { persistence: [low, high], gain: [faint, strong], .. } = self.style;
        let persistence = [rng.range(*low, *high), 128, 128, 168]; // of the amplitude per octave, Q8
        let mut gain = [rng.range(*faint, *strong), rng.range(120, 420), rng.range(50, 140), 1500];
        let mut plane = vec![[0; 4]; self.levels.last().map_or(0, |[height, width]| height * width)];
        for (k, pair) in self.levels.windows(2).enumerate().rev() {
            gain[0] >>= if k == 0 { self.style.softness } else { 0 };
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
        (Generator::new(&Style::THUMBNAIL, seed, height, width, channels).fill(index, &mut out), out)
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
        let generator = Generator::new(&Style::THUMBNAIL, 7, 32, 32, 3);
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
