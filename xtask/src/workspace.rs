//! Where things are: the clone, the build folder, the site, the per-user cache.

use std::env;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

pub struct Workspace {
    /// The clone.
    pub root: PathBuf,
    /// Cargo's build folder; `CARGO_TARGET_DIR` may put it outside the clone.
    pub target: PathBuf,
    /// The files that the browser loads. Always in the clone: the release build embeds them from there.
    pub site: PathBuf,
}

impl Workspace {
    pub fn find() -> Result<Self> {
        // `cargo run` says which clone it serves; a build folder may be shared by several.
        let manifest = env::var_os("CARGO_MANIFEST_DIR")
            .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
        let root = manifest
            .parent()
            .context("xtask/ stands in the repository's folder")?
            .to_path_buf();
        let target = match env::var_os("CARGO_TARGET_DIR") {
            Some(folder) => env::current_dir()
                .context("reading the current folder")?
                .join(folder),
            None => root.join("target"),
        };
        let site = root.join("target/site");
        Ok(Self { root, target, site })
    }

    /// The browser side has a build folder of its own: another compiler may build it.
    pub fn wasm_target(&self) -> PathBuf {
        self.target.join("wasm")
    }

    /// `path` as a reader of the terminal would write it.
    pub fn shown<'a>(&self, path: &'a Path) -> std::path::Display<'a> {
        path.strip_prefix(&self.root).unwrap_or(path).display()
    }
}

/// What one machine needs once, shared by all clones of one person.
pub fn cache() -> Result<PathBuf> {
    let base = match (env::var_os("XDG_CACHE_HOME"), env::var_os("HOME")) {
        (Some(cache), _) if Path::new(&cache).is_absolute() => PathBuf::from(cache),
        (_, Some(home)) => PathBuf::from(home).join(".cache"),
        _ => anyhow::bail!("neither XDG_CACHE_HOME nor HOME is set; type: export HOME=/your/home"),
    };
    Ok(base.join("ms5-floor"))
}

/// The first file of that name on `PATH`.
pub fn program(name: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    env::split_paths(&path)
        .map(|folder| folder.join(name))
        .find(|file| file.is_file())
}
