//! `synthetic:ragged`: photographs as JPEG files of many sizes, in many classes, as in ImageNet. What is painted is the
//! same on every machine; the JPEG encoder may round otherwise on another kind of processor.

use super::generator::{Generator, Style};
use super::print::{self, Print};
use super::roster::Roster;
use super::splitmix::SplitMix64;
use crate::dataset::{Dataset, memory::out_of_range};
use crate::error::{Error, Result};
use crate::image_file::{self, jpeg};
use crate::sample::{Batch, ImageShape, Shape};

/// More images than this are not looked through for the largest: that would take as long as it takes to notice.
const MOST_LOOKED_THROUGH: u64 = 1 << 22;

/// Made-up photographs: each is made when it is asked for, from the seed and its number, and nothing is kept.
pub struct Ragged {
    images: u64,
    seed: u64,
    print_seed: u64,
    roster: Roster,
    max: ImageShape,
}

impl Ragged {
    /// `images` photographs; image n is the same whatever their number.
    pub fn new(images: u64, seed: u64) -> Self {
        // Seeds of their own, so that what is drawn for one purpose says nothing of what is drawn for another.
        let mut seeds = SplitMix64(seed);
        let [seed, print_seed, roster_seed] = [0; 3].map(|_| seeds.next());
        let max = if images > MOST_LOOKED_THROUGH {
            print::BOUND
        } else {
            (0..images).map(|index| Print::new(print_seed, index).shape).fold(ImageShape::new(1, 1, 1), larger)
        };
        Self { images, seed, print_seed, roster: Roster::new(roster_seed), max }
    }

    fn check(&self, index: u64) -> Result<()> {
        if index < self.images { Ok(()) } else { Err(out_of_range(&self.name(), index, self.images)) }
    }

    /// Its pixels before they become a JPEG.
    fn paint(&self, index: u64, shape: ImageShape, class: u32) -> Vec<u8> {
        let mut pixels = vec![0; shape.bytes()];
        let generator = Generator::new(&Style::PHOTOGRAPH, self.seed, shape.height, shape.width, shape.channels);
        generator.fill_class(index, class, &mut pixels);
        pixels
    }

    /// Makes image `index`: shape, class, key, JPEG file.
    fn make(&self, index: u64) -> Result<(ImageShape, u32, String, Vec<u8>)> {
        self.check(index)?;
        let Print { shape, quality, subsampling } = Print::new(self.print_seed, index);
        let (class, number) = self.roster.place(index);
        let mut file = Vec::new();
        let pixels = self.paint(index, shape, class);
        jpeg::encode(shape, &pixels, quality, subsampling, &mut file).map_err(|why| self.refuse(index, &why))?;
        Ok((shape, class, format!("n{class:04}/{number:06}.jpg"), file))
    }

    /// That the encoder refuses what is made here, or the decoder what it wrote, would be our mistake.
    fn refuse(&self, index: u64, why: &str) -> Error {
        Error::Dataset {
            path: self.name().into(),
            cause: format!("image {index} cannot be made: {why}"),
            remedy: "report this, with the number of the image".into(),
        }
    }
}

fn larger(a: ImageShape, b: ImageShape) -> ImageShape {
    ImageShape::new(a.height.max(b.height), a.width.max(b.width), a.channels.max(b.channels))
}

impl Dataset for Ragged {
    fn name(&self) -> String {
        "synthetic:ragged".into()
    }

    fn len(&self) -> u64 {
        self.images
    }

    fn shape(&self) -> Shape {
        Shape::Ragged { max: self.max }
    }

    fn read(&self, index: u64, out: &mut Batch) -> Result<()> {
        let (_, class, key, file) = self.make(index)?;
        image_file::decode(&file, |_| Ok(()), class, out).map_err(|why| self.refuse(index, &why))?;
        out.set_key(key.as_bytes());
        Ok(())
    }

    fn has_files(&self) -> bool {
        true
    }

    fn read_file(&self, index: u64, out: &mut Batch) -> Result<()> {
        let (shape, class, key, file) = self.make(index)?;
        out.push_file(shape, class, file.len()).copy_from_slice(&file);
        out.set_key(key.as_bytes());
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// FNV-1a.
    fn hash(bytes: impl IntoIterator<Item = u8>) -> u64 {
        let step = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01B3);
        bytes.into_iter().fold(0xCBF2_9CE4_8422_2325, step)
    }

    fn batch(set: &Ragged, indices: impl IntoIterator<Item = u64>, files: bool) -> Batch {
        let mut batch = Batch::new();
        for index in indices {
            if files { set.read_file(index, &mut batch) } else { set.read(index, &mut batch) }.unwrap();
        }
        batch
    }

    #[test]
    fn bytes_are_pinned() {
        // Across machines and releases: change them only knowingly.
        let set = Ragged::new(4, 0);
        let painted = |index| {
            let shape = Print::new(set.print_seed, index).shape;
            set.paint(index, shape, set.roster.place(index).0)
        };
        assert_eq!(hash((0..4).flat_map(painted)), 0xE83D_A6AA_DCB3_07AB, "pixels as painted");
        let files = batch(&set, 0..4, true);
        let keys: Vec<_> = files.iter().map(|sample| String::from_utf8_lossy(sample.key).into_owned()).collect();
        assert_eq!(keys, ["n0096/000862.jpg", "n0434/000543.jpg", "n0848/000936.jpg", "n0049/000355.jpg"]);
        // Files, and what comes of decoding them, may change with a release of the encoder or the decoder, and the
        // encoder rounds otherwise where there is no AVX2.
        #[cfg(target_arch = "x86_64")]
        if std::is_x86_feature_detected!("avx2") {
            assert_eq!(hash(files.iter().flat_map(|sample| sample.file.to_vec())), 0xB111_89D1_E9E1_2AD6, "files");
            let pixels = batch(&set, 0..4, false);
            assert_eq!(
                hash(pixels.iter().flat_map(|sample| sample.pixels.to_vec())),
                0x3727_E2F6_DA6D_3CA0,
                "pixels as decoded"
            );
        }
    }

    #[test]
    fn pixels_are_what_the_file_gives_under_the_same_name() {
        let set = Ragged::new(60, 7);
        // Two of them, and the first grey one.
        let grey = (0..60).find(|index| Print::new(set.print_seed, *index).shape.channels == 1);
        let chosen = [0, 1, grey.unwrap()];
        let (pixels, files) = (batch(&set, chosen, false), batch(&set, chosen, true));
        for (sample, file) in pixels.iter().zip(files.iter()) {
            assert_eq!(image_file::header(file.file).map(|header| header.shape), Ok(sample.shape));
            let mut decoded = Batch::new();
            image_file::decode(file.file, |_| Ok(()), file.label, &mut decoded).unwrap();
            decoded.set_key(file.key);
            assert_eq!(decoded.get(0), Some(sample));
            assert!(sample.key.starts_with(format!("n{:04}/", sample.label).as_bytes()));
        }
        assert_eq!(pixels.get(2).unwrap().shape.channels, 1);
    }

    #[test]
    fn an_image_depends_on_seed_and_number_only() {
        let first = |images, seed| batch(&Ragged::new(images, seed), [1], true);
        let (few, many, others) = (first(2, 0), first(5000, 0), first(2, 1));
        assert!(few.iter().eq(many.iter()) && !few.iter().eq(others.iter()));
    }

    #[test]
    fn beyond_the_end_is_an_error_that_leaves_the_batch() {
        let set = Ragged::new(1, 0);
        let mut out = Batch::new();
        assert!(set.read(1, &mut out).unwrap_err().to_string().contains("it holds 1"));
        assert!(set.read_file(u64::MAX, &mut out).is_err() && out.is_empty());
        assert!(Ragged::new(0, 0).is_empty());
    }

    #[test]
    fn the_largest_shape_is_known_and_tight() {
        for images in [1, 7, 3000] {
            let set = Ragged::new(images, 2);
            let Shape::Ragged { max } = set.shape() else { panic!("not ragged") };
            let shapes: Vec<_> = (0..images).map(|index| Print::new(set.print_seed, index).shape).collect();
            assert!(shapes.iter().all(|shape| shape.fits(max)));
            assert!(shapes.iter().any(|shape| shape.height == max.height));
            assert!(shapes.iter().any(|shape| shape.width == max.width));
        }
        assert_eq!(Ragged::new(u64::MAX, 2).shape(), Shape::Ragged { max: print::BOUND });
    }

    #[test]
    fn files_are_as_large_as_those_of_photographs() {
        let files = batch(&Ragged::new(24, 0), 0..24, true);
        let pixels: usize = files.iter().map(|sample| sample.shape.bytes() / sample.shape.channels as usize).sum();
        let bits_a_pixel = files.bytes() as f64 * 8.0 / pixels as f64;
        assert!((4.2..5.6).contains(&bits_a_pixel), "{bits_a_pixel}");
        let mut of_each: Vec<_> =
            files.iter().map(|sample| sample.file.len() * 800 / (sample.shape.bytes() / 3)).collect();
        of_each.sort_unstable();
        let (least, most) = (of_each[0], of_each[23]);
        assert!(least < 380 && most > 580, "{least:?} to {most:?} hundredths of a bit");
    }
}
