//! Files with keys in them: for the account of the server alone, and those of keys alone written whole or not at all.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::path::Path;

/// Makes the folder, closed to other accounts, unless it is there.
pub fn make_folder(folder: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

/// The bytes of the file, or `None` when there is none. A file that other accounts may read is closed to them.
pub fn read(path: &Path) -> io::Result<Option<Vec<u8>>> {
    let bytes = match std::fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    if close(path)? {
        tracing::warn!(file = %path.display(), "other accounts could read this key; they cannot any more");
    }
    Ok(Some(bytes))
}

/// Makes an empty file, closed to other accounts, unless it is there.
pub fn make(path: &Path) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(path) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(error),
        _ => Ok(()),
    }
}

/// Closes a file to other accounts; whether it was open to them.
#[cfg(unix)]
pub fn close(path: &Path) -> io::Result<bool> {
    use std::os::unix::fs::PermissionsExt;
    let mut permissions = std::fs::metadata(path)?.permissions();
    let was_open = permissions.mode() & 0o077 != 0;
    if was_open {
        permissions.set_mode(0o600);
        std::fs::set_permissions(path, permissions)?;
    }
    Ok(was_open)
}

/// Who else may read a file is not told by its mode here.
#[cfg(not(unix))]
pub fn close(_: &Path) -> io::Result<bool> {
    Ok(false)
}

/// Writes the file beside its place, then puts it there: whoever reads finds the old or the new one.
pub fn write(path: &Path, text: &str) -> io::Result<()> {
    let draft = path.with_extension("new");
    // Left behind by a stop in the middle of this.
    match std::fs::remove_file(&draft) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&draft)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    std::fs::rename(&draft, path)?;
    sync_folder(path)
}

/// After a power cut the name is there as well, not only the bytes.
fn sync_folder(path: &Path) -> io::Result<()> {
    match path.parent() {
        Some(folder) if cfg!(unix) => File::open(folder)?.sync_all(),
        _ => Ok(()),
    }
}
