//! Files as they travel: brotli and gzip beside the plain ones, made once instead of at each request.

use std::ffi::OsString;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use brotli::enc::BrotliEncoderParams;
use flate2::Compression;
use flate2::write::GzEncoder;

/// Formats that are not compressed already.
const COMPRESSIBLE: [&str; 10] = [
    "css",
    "html",
    "ico",
    "js",
    "json",
    "svg",
    "txt",
    "wasm",
    "webmanifest",
    "xml",
];

pub fn brotli(content: &[u8]) -> Result<Vec<u8>> {
    let parameters = BrotliEncoderParams {
        quality: 11,
        lgwin: 22,
        size_hint: content.len(),
        ..Default::default()
    };
    let mut small = Vec::new();
    brotli::BrotliCompress(&mut &content[..], &mut small, &parameters)
        .context("compressing with brotli")?;
    Ok(small)
}

fn gzip(content: &[u8]) -> Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder
        .write_all(content)
        .and_then(|()| encoder.finish())
        .context("compressing with gzip")
}

/// Writes `file.br` and `file.gz` where they are smaller than `file`.
pub fn beside(file: &Path) -> Result<()> {
    let kind = file.extension().unwrap_or_default().to_string_lossy();
    if !COMPRESSIBLE.contains(&kind.as_ref()) {
        return Ok(());
    }
    let content = fs::read(file).with_context(|| format!("reading {}", file.display()))?;
    for (ending, small) in [("br", brotli(&content)?), ("gz", gzip(&content)?)] {
        if small.len() < content.len() {
            let path = with_ending(file, ending);
            fs::write(&path, small).with_context(|| format!("writing {}", path.display()))?;
        }
    }
    Ok(())
}

/// `name.js` with `br` is `name.js.br`.
pub fn with_ending(file: &Path, ending: &str) -> PathBuf {
    let mut name = OsString::from(file);
    name.push(".");
    name.push(ending);
    PathBuf::from(name)
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;

    #[test]
    fn both_forms_give_the_content_back() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let file = folder.path().join("a.css");
        let content = "body { margin: 0 }\n".repeat(100);
        fs::write(&file, &content).expect("a file");
        beside(&file).expect("it compresses");
        let mut plain = String::new();
        let small = fs::read(with_ending(&file, "gz")).expect("gzip is there");
        flate2::read::GzDecoder::new(&small[..])
            .read_to_string(&mut plain)
            .expect("gzip reads");
        assert_eq!(plain, content);
        let small = fs::read(with_ending(&file, "br")).expect("brotli is there");
        let mut plain = Vec::new();
        brotli::BrotliDecompress(&mut &small[..], &mut plain).expect("brotli reads");
        assert_eq!(plain, content.as_bytes());
    }

    #[test]
    fn pictures_are_left_alone() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let file = folder.path().join("a.png");
        fs::write(&file, [0; 1000]).expect("a file");
        beside(&file).expect("nothing to do");
        assert!(!with_ending(&file, "br").exists());
    }
}
