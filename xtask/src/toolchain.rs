//! The compiler for the browser side: a rustc that has a standard library for wasm32-unknown-unknown.
//!
//! Three ways, the first that works is taken:
//! 1. the compiler on `PATH` already has it;
//! 2. `rustup target add`, which needs the Rust project's download site;
//! 3. Debian's rustc with its library sources, from which std is built once into a folder of our own.
//!
//! The third writes nothing outside the per-user cache, and a second clone finds it there.

use std::env;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::step::note;
use crate::workspace::{Workspace, cache, program};
use crate::{debian, process, stamp};

pub const TARGET: &str = "wasm32-unknown-unknown";

const DEBIAN_RUSTC: &str = "/usr/bin/rustc";
const DEBIAN_CARGO: &str = "/usr/bin/cargo";
const DEBIAN_SOURCES: [&str; 2] = [
    "/usr/lib/rustlib/src/rust/library/Cargo.lock",
    "/usr/lib/rustlib/src/rust/library/std/Cargo.toml",
];
const DEBIAN_PACKAGES: [&str; 3] = ["rustc-web", "cargo-web", "rust-web-src"];

/// rustup tries a closed download site several times; this is enough for a slow one.
const RUSTUP_BOUND: Duration = Duration::from_secs(180);

/// The list of files in a finished sysroot, written last.
const COMPLETE: &str = "complete";

pub enum Toolchain {
    /// The same cargo and rustc that build the server.
    Own,
    /// Debian's, with std from our cache and a linker for WASM.
    Debian { sysroot: PathBuf, linker: PathBuf },
}

impl Toolchain {
    pub fn find() -> Result<Self> {
        if own_has_target()? {
            return Ok(Self::Own);
        }
        if let Some(sysroot) = cached_sysroot()? {
            return Ok(Self::Debian {
                sysroot,
                linker: linker()?,
            });
        }
        if rustup_adds_target()? && own_has_target()? {
            return Ok(Self::Own);
        }
        debian_is_installed()?;
        Ok(Self::Debian {
            sysroot: build_sysroot()?,
            linker: linker()?,
        })
    }

    /// Cargo, ready to build for the browser.
    pub fn cargo(&self, workspace: &Workspace) -> Command {
        // The path of somebody's downloaded crates has no place in what we ship, nor in its hash.
        let mut flags = match cargo_home() {
            Some(home) => vec![joined(&[
                "--remap-path-prefix=".as_ref(),
                home.join("registry/src").as_ref(),
                "=crates".as_ref(),
            ])],
            None => Vec::new(),
        };
        let mut command = match self {
            Self::Own => process::cargo(workspace),
            Self::Debian { sysroot, linker } => {
                flags.push(joined(&["--sysroot=".as_ref(), sysroot.as_ref()]));
                let mut command = debian_cargo();
                command
                    .current_dir(&workspace.root)
                    .env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER", linker);
                command
            }
        };
        // With `--target` these do not reach build scripts and macros.
        command.env("CARGO_ENCODED_RUSTFLAGS", flags.join(OsStr::new("\x1f")));
        command
    }
}

fn joined(parts: &[&OsStr]) -> OsString {
    parts.iter().copied().collect()
}

/// Way 1: the compiler says where its library for the target would be; look whether it is there.
fn own_has_target() -> Result<bool> {
    let mut rustc = Command::new("rustc");
    rustc.args(["--print", "target-libdir", "--target", TARGET]);
    let folder = process::output(&mut rustc)
        .context("asking rustc for its libraries; is Rust installed?")?;
    Ok(has_std(Path::new(&folder)))
}

fn has_std(folder: &Path) -> bool {
    let Ok(entries) = fs::read_dir(folder) else {
        return false;
    };
    entries.flatten().any(|entry| {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        name.starts_with("libstd-") && name.ends_with(".rlib")
    })
}

/// Way 2. A machine without the download site is told so, and goes on.
fn rustup_adds_target() -> Result<bool> {
    if program("rustup").is_none() {
        return Ok(false);
    }
    note(&format!("rustup target add {TARGET}"));
    let mut rustup = Command::new("rustup");
    rustup
        .args(["target", "add", TARGET])
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    let added =
        process::status_within(&mut rustup, RUSTUP_BOUND)?.is_some_and(|status| status.success());
    if !added {
        note(
            "rustup could not fetch it here; building the standard library from Debian's sources instead",
        );
    }
    Ok(added)
}

fn debian_is_installed() -> Result<()> {
    let there = || {
        [DEBIAN_RUSTC, DEBIAN_CARGO]
            .iter()
            .chain(&DEBIAN_SOURCES)
            .all(|file| Path::new(file).is_file())
    };
    if there() {
        return Ok(());
    }
    let because = format!(
        "no Rust standard library for {TARGET} (`rustup target add {TARGET}` would fetch one)"
    );
    debian::install(&DEBIAN_PACKAGES, &because)?;
    if !there() {
        bail!(
            "{because}; type: sudo apt-get install --reinstall {}",
            DEBIAN_PACKAGES.join(" ")
        );
    }
    Ok(())
}

/// Debian's cargo with Debian's rustc, and nothing of the toolchain that runs us.
fn debian_cargo() -> Command {
    let mut command = Command::new(DEBIAN_CARGO);
    process::forget_outer_cargo(&mut command);
    for name in [
        "CARGO_BUILD_RUSTC",
        "CARGO_BUILD_RUSTFLAGS",
        "CARGO_ENCODED_RUSTFLAGS",
        "LD_LIBRARY_PATH",
        "RUSTC_WRAPPER",
        "RUSTC_WORKSPACE_WRAPPER",
        "RUSTFLAGS",
        "RUSTUP_TOOLCHAIN",
    ] {
        command.env_remove(name);
    }
    command.env("RUSTC", DEBIAN_RUSTC);
    command
}

fn debian_compiler() -> Result<String> {
    process::output(
        Command::new(DEBIAN_RUSTC)
            .arg("-vV")
            .env_remove("LD_LIBRARY_PATH"),
    )
}

/// Where the sysroot for Debian's present compiler belongs: another compiler cannot read these libraries.
fn sysroot_folder(compiler: &str) -> Result<PathBuf> {
    Ok(cache()?.join(format!("wasm-sysroot-{}", stamp::short(compiler))))
}

fn libraries(sysroot: &Path) -> PathBuf {
    sysroot.join("lib/rustlib").join(TARGET).join("lib")
}

fn cached_sysroot() -> Result<Option<PathBuf>> {
    if ![DEBIAN_RUSTC, DEBIAN_CARGO]
        .iter()
        .all(|file| Path::new(file).is_file())
    {
        return Ok(None);
    }
    let Ok(compiler) = debian_compiler() else {
        return Ok(None);
    };
    let sysroot = sysroot_folder(&compiler)?;
    Ok(is_complete(&sysroot).then_some(sysroot))
}

/// Name and size of each library, one a line.
fn inventory(sysroot: &Path) -> Result<String> {
    let mut lines = String::new();
    for file in stamp::files(&libraries(sysroot))? {
        let bytes = fs::metadata(&file)
            .with_context(|| format!("reading {}", file.display()))?
            .len();
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        lines.push_str(&format!("{name} {bytes}\n"));
    }
    Ok(lines)
}

fn is_complete(sysroot: &Path) -> bool {
    has_std(&libraries(sysroot))
        && inventory(sysroot).is_ok_and(|lines| stamp::is(&sysroot.join(COMPLETE), &lines))
}

/// Way 3: builds std in a folder beside the final one and renames it when it is whole.
fn build_sysroot() -> Result<PathBuf> {
    let sysroot = sysroot_folder(&debian_compiler()?)?;
    if is_complete(&sysroot) {
        return Ok(sysroot);
    }
    note("building the standard library for the browser, once");
    let work = sysroot.with_extension(format!("part-{}", std::process::id()));
    let built = build_std(&work).and_then(|parts| {
        let libraries = libraries(&work);
        fs::create_dir_all(&libraries)?;
        for file in parts {
            fs::copy(&file, libraries.join(file.file_name().unwrap_or_default()))?;
        }
        stamp::remove_folder(&work.join("build"))?;
        fs::write(work.join(COMPLETE), inventory(&work)?)?;
        // A half-made or damaged one may stand there, or another clone was quicker.
        if !is_complete(&sysroot) {
            stamp::remove_folder(&sysroot)?;
            fs::rename(&work, &sysroot)?;
        }
        Ok(())
    });
    stamp::remove_folder(&work)?;
    built.with_context(|| format!("building the standard library for {TARGET}"))?;
    Ok(sysroot)
}

/// Compiles an empty crate with its own std, and returns the libraries that came with it.
fn build_std(work: &Path) -> Result<Vec<PathBuf>> {
    let stub = work.join("build");
    stamp::empty_folder(&stub)?;
    fs::write(
        stub.join("Cargo.toml"),
        "[package]\nname = \"stub\"\nedition = \"2024\"\n[lib]\npath = \"lib.rs\"\n[workspace]\n",
    )?;
    fs::write(stub.join("lib.rs"), "")?;
    let target = stub.join("target");
    let mut command = debian_cargo();
    command
        .current_dir(&stub)
        .env("RUSTC_BOOTSTRAP", "1")
        .env_remove("CARGO_BUILD_TARGET");
    command
        .args([
            "build",
            "--release",
            "-Z",
            "build-std=std,panic_abort,proc_macro",
            "--target",
            TARGET,
            "--target-dir",
        ])
        .arg(&target);
    process::run(&mut command)?;
    let libraries = stamp::files(&target.join(TARGET).join("release/deps"))?;
    let wanted = |file: &PathBuf| {
        file.extension().is_some_and(|kind| kind == "rlib")
            && !file.to_string_lossy().contains("libstub")
    };
    let libraries: Vec<_> = libraries.into_iter().filter(wanted).collect();
    if libraries.is_empty() {
        bail!("cargo built no libraries for {TARGET}");
    }
    Ok(libraries)
}

/// LLVM's linker in its WASM form: rustup's toolchains carry one, and so does Debian's lld.
fn linker() -> Result<PathBuf> {
    let sysroot = PathBuf::from(process::output(
        Command::new("rustc").args(["--print", "sysroot"]),
    )?);
    let hosts = fs::read_dir(sysroot.join("lib/rustlib"))
        .into_iter()
        .flatten()
        .flatten();
    let carried = hosts
        .map(|host| host.path().join("bin/rust-lld"))
        .find(|file| file.is_file());
    if let Some(found) = carried.or_else(|| program("wasm-ld")) {
        return Ok(found);
    }
    let versioned = |number: u32| program(&format!("wasm-ld-{number}"));
    if let Some(found) = (17..30).rev().find_map(versioned) {
        return Ok(found);
    }
    debian::ensure(
        "wasm-ld-19",
        &["/usr/bin/wasm-ld-19", "/usr/lib/llvm-19/bin/wasm-ld"],
        &["lld-19"],
    )
}

fn cargo_home() -> Option<PathBuf> {
    env::var_os("CARGO_HOME")
        .map(PathBuf::from)
        .or_else(|| Some(PathBuf::from(env::var_os("HOME")?).join(".cargo")))
}
