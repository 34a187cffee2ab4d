//! What is settled of a photograph before it is painted: its shape, and how its JPEG file is made. The shares follow
//! ImageNet: the sizes in which photo sites hand out their pictures, most of all 500x375, then a tail both ways.

use super::splitmix::SplitMix64;
use crate::image_file::jpeg;
use crate::sample::ImageShape;
use jpeg_encoder::SamplingFactor;

/// Shares in 1,000 of the usual sizes, width x height.
const USUAL: [(i32, [u32; 2]); 9] = [
    (370, [500, 375]),
    (110, [375, 500]),
    (110, [500, 333]),
    (45, [333, 500]),
    (20, [500, 500]),
    (20, [400, 300]),
    (15, [320, 240]),
    (15, [640, 480]),
    (10, [300, 225]),
];
/// One side of 500, the other anything.
const CROPPED_IN_1000: i32 = 115;
/// Larger ones; the rest are small.
const LARGE_IN_1000: i32 = 25;
/// Longest side of any, and from where on one is large.
const LONGEST: u64 = 3000;
const LARGE: u64 = 600;
const GREY_IN_1000: i32 = 20;

/// The shape that holds every print.
pub const BOUND: ImageShape = ImageShape::new(LONGEST as u32, LONGEST as u32, 3);

/// Shape and encoding of one photograph.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Print {
    /// Shape of the image: 3 channels, or 1 where it is grey.
    pub shape: ImageShape,
    /// Quality of the JPEG, 90 to 96.
    pub quality: u8,
    /// Its subsampling of colours.
    pub subsampling: SamplingFactor,
}

impl Print {
    /// That of image `index`.
    pub fn new(seed: u64, index: u64) -> Self {
        let mut rng = SplitMix64::nth(seed, index);
        let [width, height] = size(&mut rng);
        let channels = if rng.range(0, 999) < GREY_IN_1000 { 1 } else { 3 };
        // The better of two draws: most photographs are of high quality.
        let quality = rng.range(90, 96).max(rng.range(90, 96)) as u8;
        let halved = channels == 3 && rng.range(0, 9) < 6;
        let subsampling = if halved { SamplingFactor::R_4_2_0 } else { jpeg::FULL_COLOUR };
        Self { shape: ImageShape::new(height, width, channels), quality, subsampling }
    }
}

/// Width and height.
fn size(rng: &mut SplitMix64) -> [u32; 2] {
    let mut pick = rng.range(0, 999);
    for (share, size) in USUAL {
        if pick < share {
            return size;
        }
        pick -= share;
    }
    let upright = rng.range(0, 9) < 3;
    let (long, short) = if pick < CROPPED_IN_1000 {
        (500, rng.range(200, 499))
    } else {
        let long = if pick < CROPPED_IN_1000 + LARGE_IN_1000 { large(rng) } else { rng.range(110, 460) };
        (long, long * rng.range(160, 256) / 256)
    };
    let [long, short] = [long, short].map(i32::unsigned_abs);
    if upright { [short, long] } else { [long, short] }
}

/// A side of 600 to 3,000; one of twice the length is a quarter as frequent.
fn large(rng: &mut SplitMix64) -> i32 {
    let least = ((LARGE * LARGE) << 16) / (LONGEST * LONGEST) + 1;
    let share = rng.range(least as i32, (1 << 16) - 1) as u64;
    (((LARGE * LARGE) << 16) / share).isqrt() as i32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_as_stated() {
        let prints: Vec<_> = (0..100_000).map(|index| Print::new(5, index)).collect();
        let share = |is: &dyn Fn(&Print) -> bool| prints.iter().filter(|print| is(print)).count() as f64 / 100_000.0;
        let near = |share: f64, wanted: f64| assert!((share - wanted).abs() < 0.006, "{share}, wanted {wanted}");
        near(share(&|print| [print.shape.height, print.shape.width] == [375, 500]), 0.37);
        near(share(&|print| [print.shape.height, print.shape.width] == [500, 375]), 0.11);
        near(share(&|print| print.shape.channels == 1), 0.02);
        near(share(&|print| print.shape.height.max(print.shape.width) > 640), 0.0218);
        near(share(&|print| print.shape.height.max(print.shape.width) < 300), 0.0785);
        near(share(&|print| print.subsampling == SamplingFactor::R_4_2_0), 0.588);
        assert!(prints.iter().all(|print| print.shape.fits(BOUND) && (90..=96).contains(&print.quality)));
        assert!(prints.iter().all(|print| print.shape.height.min(print.shape.width) >= 68));
        assert!(prints.iter().any(|print| print.shape.width > 2000));
        let mean = |side: &dyn Fn(&Print) -> u32| prints.iter().map(|print| f64::from(side(print))).sum::<f64>() / 1e5;
        let (width, height) = (mean(&|print| print.shape.width), mean(&|print| print.shape.height));
        assert!((390.0..470.0).contains(&width) && (340.0..400.0).contains(&height), "{width} x {height}");
    }
}
