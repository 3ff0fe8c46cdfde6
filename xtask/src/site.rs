//! `target/site`: everything a browser may ask for, under names that change with the content.
//!
//! `manifest.json` tells the server which names are the present ones. The folder is put together beside the old one
//! and takes its place whole, so that a half-made site is never served and old hashes do not pile up.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde_json::{Value, json};

use crate::browser::{self, Bound, Profile};
use crate::step::{note, size, step};
use crate::workspace::Workspace;
use crate::{compress, css, stamp};

/// Compiles the browser side and brings the site up to date.
pub fn build(workspace: &Workspace, profile: Profile) -> Result<()> {
    let bound = browser::build(workspace, profile)?;
    let inputs = inputs(workspace, &bound, profile)?;
    let mark = workspace.site.with_extension("made-from");
    if stamp::is(&mark, &inputs) && workspace.site.join("manifest.json").is_file() {
        note("site is up to date");
        return Ok(());
    }
    step("site", || assemble(workspace, &bound, profile))?;
    fs::write(&mark, inputs).with_context(|| format!("writing {}", mark.display()))
}

/// A hash of all that the site is made from.
fn inputs(workspace: &Workspace, bound: &Bound, profile: Profile) -> Result<String> {
    let mut hash = stamp::Hash::default();
    hash.add(profile.name());
    // How it is put together counts as much as what from.
    for text in [
        include_str!("site.rs"),
        include_str!("css.rs"),
        include_str!("compress.rs"),
    ] {
        hash.add(text);
    }
    hash.add_folder(&bound.folder)?;
    hash.add_folder(&workspace.root.join("style"))?;
    hash.add_folder(&workspace.root.join("public"))?;
    Ok(hash.short())
}

fn assemble(workspace: &Workspace, bound: &Bound, profile: Profile) -> Result<()> {
    let new = workspace.site.with_extension("new");
    stamp::empty_folder(&new.join("pkg"))?;
    copy_folder(&workspace.root.join("public"), &new)?;
    copy_folder(&bound.snippets(), &new.join("pkg/snippets"))?;
    let js = hashed(&new, "js", &read(&bound.js())?)?;
    let wasm = hashed(&new, "wasm", &read(&bound.wasm())?)?;
    let css = hashed(
        &new,
        "css",
        css::bundle(&workspace.root.join("style/main.css"))?.as_bytes(),
    )?;

    let mut build = stamp::Hash::default();
    build.add_folder(&new)?;
    let manifest = json!({ "build": build.short(), "js": js, "wasm": wasm, "css": css });
    if profile == Profile::Release {
        for file in stamp::files(&new)? {
            compress::beside(&file)?;
        }
    }
    let file = new.join("manifest.json");
    fs::write(&file, format!("{manifest:#}\n"))
        .with_context(|| format!("writing {}", file.display()))?;

    stamp::remove_folder(&workspace.site)?;
    fs::rename(&new, &workspace.site)
        .with_context(|| format!("making {}", workspace.site.display()))?;
    for path in [js, wasm, css] {
        note(&described(&workspace.site, &path));
    }
    Ok(())
}

/// Writes `content` under its hashed name; returns the path as the browser asks for it.
fn hashed(site: &Path, kind: &str, content: &[u8]) -> Result<String> {
    let path = format!("pkg/ms5-floor.{}.{kind}", stamp::short(content));
    let file = site.join(&path);
    fs::write(&file, content).with_context(|| format!("writing {}", file.display()))?;
    Ok(format!("/{path}"))
}

fn described(site: &Path, path: &str) -> String {
    let file = in_site(site, path);
    let bytes = |file: PathBuf| fs::metadata(file).map(|metadata| size(metadata.len()));
    let plain = bytes(file.clone()).unwrap_or_default();
    match bytes(compress::with_ending(&file, "br")) {
        Ok(small) => format!("{path} {plain}, brotli {small}"),
        Err(_) => format!("{path} {plain}"),
    }
}

/// The file behind an absolute path of the site.
pub fn in_site(site: &Path, path: &str) -> PathBuf {
    site.join(path.trim_start_matches('/'))
}

/// The paths of script, WASM and style sheet that the present manifest names.
pub fn parts(site: &Path) -> Result<[String; 3]> {
    let file = site.join("manifest.json");
    let manifest: Value = serde_json::from_slice(&read(&file)?)
        .with_context(|| format!("reading {}", file.display()))?;
    let part = |name: &str| {
        let text = manifest
            .get(name)
            .and_then(Value::as_str)
            .map(str::to_owned);
        text.with_context(|| format!("{} names no {name}", file.display()))
    };
    Ok([part("js")?, part("wasm")?, part("css")?])
}

fn copy_folder(from: &Path, to: &Path) -> Result<()> {
    for file in stamp::files(from)? {
        let copy = to.join(file.strip_prefix(from).unwrap_or(&file));
        if let Some(folder) = copy.parent() {
            fs::create_dir_all(folder).with_context(|| format!("making {}", folder.display()))?;
        }
        fs::copy(&file, &copy).with_context(|| format!("copying {}", file.display()))?;
    }
    Ok(())
}

fn read(file: &Path) -> Result<Vec<u8>> {
    fs::read(file).with_context(|| format!("reading {}", file.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clone() -> (tempfile::TempDir, Workspace, Bound) {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let root = folder.path().to_path_buf();
        let bound = Bound {
            folder: root.join("bound"),
        };
        for (name, content) in [
            ("public/icons/a.svg", "<svg/>"),
            ("style/main.css", "a { color: red; }\n"),
            ("bound/ms5-floor.js", "export {};\n"),
            ("bound/ms5-floor_bg.wasm", "wasm"),
            ("bound/snippets/x/y.js", "export {};\n"),
        ] {
            let file = root.join(name);
            fs::create_dir_all(file.parent().expect("a folder")).expect("a folder");
            fs::write(file, content).expect("a file");
        }
        let workspace = Workspace {
            target: root.join("target"),
            site: root.join("target/site"),
            root,
        };
        (folder, workspace, bound)
    }

    #[test]
    fn the_manifest_names_files_that_are_there() {
        let (_folder, workspace, bound) = clone();
        assemble(&workspace, &bound, Profile::Dev).expect("a site");
        for path in parts(&workspace.site).expect("a manifest") {
            assert!(in_site(&workspace.site, &path).is_file(), "{path}");
        }
        assert!(workspace.site.join("icons/a.svg").is_file());
        assert!(workspace.site.join("pkg/snippets/x/y.js").is_file());
    }

    #[test]
    fn a_changed_file_gets_another_name_and_the_old_one_goes() {
        let (_folder, workspace, bound) = clone();
        assemble(&workspace, &bound, Profile::Dev).expect("a site");
        let [js, wasm, css] = parts(&workspace.site).expect("a manifest");
        fs::write(
            workspace.root.join("style/main.css"),
            "a { color: blue; }\n",
        )
        .expect("a file");
        assemble(&workspace, &bound, Profile::Release).expect("a site");
        let [same_js, same_wasm, other_css] = parts(&workspace.site).expect("a manifest");
        assert_eq!((js, wasm), (same_js, same_wasm));
        assert_ne!(css, other_css);
        assert!(!in_site(&workspace.site, &css).exists());
    }

    #[test]
    fn every_input_is_in_the_mark() {
        let (_folder, workspace, bound) = clone();
        let before = inputs(&workspace, &bound, Profile::Dev).expect("a hash");
        assert_ne!(
            before,
            inputs(&workspace, &bound, Profile::Release).expect("a hash")
        );
        fs::write(workspace.root.join("public/icons/a.svg"), "<svg></svg>").expect("a file");
        assert_ne!(
            before,
            inputs(&workspace, &bound, Profile::Dev).expect("a hash")
        );
    }
}
