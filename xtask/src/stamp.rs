//! Content hashes: names of files that never change, and marks that tell whether work is still up to date.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use sha2::{Digest, Sha256};

/// Hex digits in a file's name.
const SHORT: usize = 12;

#[derive(Default)]
pub struct Hash(Sha256);

impl Hash {
    /// Adds one part; its length goes in too, so that parts cannot run into each other.
    pub fn add(&mut self, part: impl AsRef<[u8]>) {
        let part = part.as_ref();
        self.0.update((part.len() as u64).to_le_bytes());
        self.0.update(part);
    }

    /// Adds names and contents of all files below `folder`, in a fixed order.
    pub fn add_folder(&mut self, folder: &Path) -> Result<()> {
        for file in files(folder)? {
            self.add(
                file.strip_prefix(folder)
                    .unwrap_or(&file)
                    .to_string_lossy()
                    .as_bytes(),
            );
            self.add(fs::read(&file).with_context(|| format!("reading {}", file.display()))?);
        }
        Ok(())
    }

    pub fn short(self) -> String {
        let mut text: String = self
            .0
            .finalize()
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        text.truncate(SHORT);
        text
    }
}

pub fn short(content: impl AsRef<[u8]>) -> String {
    let mut hash = Hash::default();
    hash.add(content);
    hash.short()
}

/// All files below `folder`, sorted. A folder that is not there has none.
pub fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut open = vec![folder.to_path_buf()];
    while let Some(next) = open.pop() {
        if !next.is_dir() {
            continue;
        }
        for entry in fs::read_dir(&next).with_context(|| format!("reading {}", next.display()))? {
            let path = entry
                .with_context(|| format!("reading {}", next.display()))?
                .path();
            if path.is_dir() {
                open.push(path);
            } else {
                found.push(path);
            }
        }
    }
    found.sort();
    Ok(found)
}

/// Whether the mark in `file` still is `value`.
pub fn is(file: &Path, value: &str) -> bool {
    fs::read_to_string(file).is_ok_and(|text| text == value)
}

/// An empty folder at `path`, whatever was there.
pub fn empty_folder(path: &Path) -> Result<()> {
    remove_folder(path)?;
    fs::create_dir_all(path).with_context(|| format!("making {}", path.display()))
}

pub fn remove_folder(path: &Path) -> Result<()> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("removing {}", path.display()))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_do_not_run_into_each_other() {
        let (mut one, mut other) = (Hash::default(), Hash::default());
        one.add("ab");
        one.add("c");
        other.add("a");
        other.add("bc");
        assert_ne!(one.short(), other.short());
        assert_eq!(short("x").len(), SHORT);
    }
}
