//! `cargo xtask watch`: builds and restarts when a source file changes.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, SystemTime};

use anyhow::Result;

use crate::plant::{self, Plant};
use crate::run::Options;
use crate::step::note;
use crate::workspace::Workspace;
use crate::{stamp, stop};

const POLL: Duration = Duration::from_millis(500);
const WATCHED: [&str; 5] = ["src", "style", "public", "migrations", "Cargo.toml"];

pub fn run(workspace: &Workspace, options: &Options) -> Result<ExitCode> {
    plant::port_is_free(options.port, "cargo xtask watch")?;
    let mut plant: Option<Plant> = None;
    while !stop::asked() {
        let seen = Seen::now(&workspace.root)?;
        match rebuild(workspace, options, &mut plant) {
            Ok(how_to_get_in) => println!(
                "\nMS5 Floor runs at http://127.0.0.1:{}, watching. {how_to_get_in}\nCtrl-C stops it.\n",
                options.port
            ),
            Err(error) if !stop::asked() => eprintln!("error: {error:#}\nwaiting for a change"),
            Err(_) => break,
        }
        while !stop::asked() && Seen::now(&workspace.root)? == seen {
            std::thread::sleep(POLL);
            if let Some(Err(error)) = plant.as_mut().map(Plant::check) {
                eprintln!("error: {error:#}\nwaiting for a change");
                plant = None;
            }
        }
    }
    println!("stopping");
    Ok(ExitCode::SUCCESS)
}

/// The old plant runs until its successor is built; what does not compile changes nothing. Tells how to get in.
fn rebuild(
    workspace: &Workspace,
    options: &Options,
    plant: &mut Option<Plant>,
) -> Result<&'static str> {
    let plan = options.build(workspace)?;
    if plant.take().is_some() {
        note("restarting");
    }
    plan.prepare()?;
    *plant = Some(Plant::start(&plan)?);
    Ok(plan.how_to_get_in())
}

/// Names and times of the watched files: a change, an addition and a removal all differ from before.
#[derive(PartialEq, Eq)]
struct Seen(Vec<(PathBuf, Option<SystemTime>)>);

impl Seen {
    fn now(root: &Path) -> Result<Self> {
        let mut found = Vec::new();
        for name in WATCHED {
            let path = root.join(name);
            let files = if path.is_file() {
                vec![path]
            } else {
                stamp::files(&path)?
            };
            found.extend(files.into_iter().map(|file| {
                let changed = fs::metadata(&file)
                    .and_then(|metadata| metadata.modified())
                    .ok();
                (file, changed)
            }));
        }
        Ok(Self(found))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn new_changed_and_removed_files_are_seen() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let style = folder.path().join("style");
        fs::create_dir(&style).expect("a folder");
        let seen = || Seen::now(folder.path()).expect("a look");
        let empty = seen();
        fs::write(style.join("a.css"), "a").expect("a file");
        let one = seen();
        assert!(empty != one);
        let file = fs::File::options().write(true).open(style.join("a.css"));
        let file = file.expect("it opens");
        let now = file.metadata().and_then(|metadata| metadata.modified());
        let later = now.expect("a time") + Duration::from_secs(5);
        file.set_modified(later).expect("a new time");
        assert!(one != seen());
        fs::remove_file(style.join("a.css")).expect("removed");
        assert!(empty == seen());
    }
}
