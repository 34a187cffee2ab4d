//! Data for the page's script that is mostly numbers: compressed (zlib), as base64.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::write::ZlibEncoder;
use std::io::Write;

/// `bytes` as the script unpacks them; nothing where they cannot be compressed, which in memory they always can.
pub(super) fn packed(bytes: &[u8]) -> String {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::best());
    let written = encoder.write_all(bytes).and_then(|()| encoder.finish());
    written.map(|compressed| STANDARD.encode(compressed)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_repeats_gets_short() {
        assert!(packed(&[7; 100_000]).len() < 1000);
    }
}
