//! Settings: by flag, by environment, by a TOML file, in that order; then the default.

use super::log::{self, LogArgs, LogFile};
use serde::Deserialize;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

/// Where data go when nothing else is said.
pub const DEFAULT_DATABASE: &str = "sqlite://var/ms5-floor.db";
/// Where pages are served when nothing else is said.
pub const DEFAULT_LISTEN: SocketAddr =
    SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 3000);

/// Which database.
#[derive(Clone, Debug, clap::Args)]
pub struct DatabaseArgs {
    /// Database: sqlite://FILE or postgres://USER@HOST/NAME [default: sqlite://var/ms5-floor.db]
    #[arg(long, env = "DATABASE_URL", value_name = "URL")]
    database: Option<String>,
    /// TOML file with settings (database, listen, site, `allow_remote`)
    #[arg(long, env = "MS5_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
}

/// How to serve.
#[derive(Clone, Debug, clap::Args)]
pub struct ServeArgs {
    #[command(flatten)]
    database: DatabaseArgs,
    /// Address to serve on [default: 127.0.0.1:3000]
    #[arg(long, env = "MS5_LISTEN", value_name = "ADDRESS:PORT")]
    listen: Option<SocketAddr>,
    /// Folder of the compiled browser side; a release has it inside
    #[arg(long, env = "MS5_SITE", value_name = "DIR")]
    site: Option<PathBuf>,
    /// Serve other machines too, although there is no sign-in yet: everyone who reaches the address sees everything
    #[arg(long, env = "MS5_ALLOW_REMOTE", num_args = 0..=1, default_missing_value = "true", value_name = "BOOL")]
    allow_remote: Option<bool>,
    /// Serve measures for Prometheus and health on a listener of their own [default: none]
    #[arg(long, env = "MS5_METRICS", value_name = "ADDRESS:PORT")]
    metrics: Option<SocketAddr>,
    /// Serve measures to other machines too: everyone who reaches that address sees them
    #[arg(long, env = "MS5_ALLOW_REMOTE_METRICS", num_args = 0..=1, default_missing_value = "true", value_name = "BOOL")]
    allow_remote_metrics: Option<bool>,
    #[command(flatten)]
    log: LogArgs,
}

/// The settings file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    database: Option<String>,
    listen: Option<SocketAddr>,
    site: Option<PathBuf>,
    allow_remote: Option<bool>,
    metrics: Option<SocketAddr>,
    allow_remote_metrics: Option<bool>,
    #[serde(default)]
    log: LogFile,
}

/// The settings of a running server.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// Address of the database.
    pub database: String,
    /// Where to serve.
    pub listen: SocketAddr,
    /// Folder of the browser side.
    pub site: Option<PathBuf>,
    /// Other machines may be served.
    pub allow_remote: bool,
    /// Where to serve measures.
    pub metrics: Option<SocketAddr>,
    /// What is logged, and how.
    pub log: log::Settings,
}

/// A setting that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file is not there.
    #[error("--config: {0} cannot be read: {1}")]
    Unreadable(String, std::io::Error),
    /// The file is not what it should be.
    #[error("--config: {0}: {1}")]
    Wrong(String, Box<toml::de::Error>),
    /// Not without sign-in.
    #[error(
        "--listen: {0} can be reached from other machines and there is no sign-in yet; \
         use 127.0.0.1, or say --allow-remote"
    )]
    Remote(SocketAddr),
    /// Measures tell much about a plant, and nobody signs in to see them.
    #[error(
        "--metrics: {0} can be reached from other machines, and whoever reaches it sees all measures; \
         use 127.0.0.1, or say --allow-remote-metrics"
    )]
    RemoteMetrics(SocketAddr),
}

impl File {
    fn read(path: Option<&Path>) -> Result<Self, ConfigError> {
        let Some(path) = path else {
            return Ok(Self::default());
        };
        let name = path.display().to_string();
        let text =
            std::fs::read_to_string(path).map_err(|e| ConfigError::Unreadable(name.clone(), e))?;
        toml::from_str(&text).map_err(|e| ConfigError::Wrong(name, Box::new(e)))
    }
}

impl DatabaseArgs {
    /// The address of the database.
    ///
    /// # Errors
    /// When the settings file cannot be used.
    pub fn resolve(&self) -> Result<String, ConfigError> {
        let file = File::read(self.config.as_deref())?;
        Ok(self.url(file.database))
    }

    fn url(&self, from_file: Option<String>) -> String {
        self.database
            .clone()
            .or(from_file)
            .unwrap_or_else(|| DEFAULT_DATABASE.to_owned())
    }
}

impl ServeArgs {
    /// The settings, checked.
    ///
    /// # Errors
    /// Names the setting that is wrong.
    pub fn resolve(self) -> Result<Settings, ConfigError> {
        let file = File::read(self.database.config.as_deref())?;
        let settings = Settings {
            database: self.database.url(file.database),
            listen: self.listen.or(file.listen).unwrap_or(DEFAULT_LISTEN),
            site: self.site.or(file.site),
            allow_remote: self.allow_remote.or(file.allow_remote).unwrap_or(false),
            metrics: self.metrics.or(file.metrics),
            log: self.log.resolve(&file.log),
        };
        let remote_metrics = self.allow_remote_metrics.or(file.allow_remote_metrics);
        if let Some(address) = settings.metrics
            && !(address.ip().is_loopback() || remote_metrics.unwrap_or(false))
        {
            return Err(ConfigError::RemoteMetrics(address));
        }
        if settings.listen.ip().is_loopback() || settings.allow_remote {
            Ok(settings)
        } else {
            Err(ConfigError::Remote(settings.listen))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;
    use std::io::Write;

    #[derive(Parser)]
    struct Cli {
        #[command(flatten)]
        serve: ServeArgs,
    }

    fn settings(args: &[&str], file: &str) -> Result<Settings, String> {
        let mut config = tempfile::NamedTempFile::new().expect("file");
        config.write_all(file.as_bytes()).expect("write");
        let path = config.path().display().to_string();
        let args = ["ms5-floor", "--config", &path]
            .into_iter()
            .chain(args.iter().copied());
        Cli::try_parse_from(args)
            .map_err(|e| e.to_string())?
            .serve
            .resolve()
            .map_err(|e| e.to_string())
    }

    #[test]
    fn a_flag_beats_the_file_and_the_file_beats_the_default() {
        let got = settings(
            &["--listen", "127.0.0.1:4000"],
            "listen = '127.0.0.1:5000'\nsite = 'a'",
        )
        .expect("settings");
        assert_eq!(got.listen.port(), 4000);
        assert_eq!(got.site, Some(PathBuf::from("a")));
        assert_eq!(settings(&[], "").expect("settings").listen, DEFAULT_LISTEN);
    }

    #[test]
    fn what_is_wrong_is_named() {
        assert!(
            settings(&[], "lissen = 'x'")
                .expect_err("unknown key")
                .contains("lissen")
        );
        assert!(
            settings(&["--listen", "nowhere"], "")
                .expect_err("bad address")
                .contains("--listen")
        );
        assert!(
            settings(&["--listen", "0.0.0.0:80"], "")
                .expect_err("remote")
                .contains("--allow-remote")
        );
        assert!(
            settings(&["--listen", "0.0.0.0:80", "--allow-remote"], "")
                .expect("allowed")
                .allow_remote
        );
    }

    #[test]
    fn measures_are_shown_to_other_machines_only_when_told() {
        assert_eq!(settings(&[], "").expect("settings").metrics, None);
        let here = settings(&[], "metrics = '127.0.0.1:9100'").expect("settings");
        assert_eq!(here.metrics.map(|a| a.port()), Some(9100));
        let everywhere = ["--metrics", "0.0.0.0:9100"];
        assert!(
            settings(&everywhere, "")
                .expect_err("remote")
                .contains("--allow-remote-metrics")
        );
        // To serve people from other machines says nothing about the measures.
        settings(&everywhere, "allow_remote = true").expect_err("remote");
        settings(&everywhere, "allow_remote_metrics = true").expect("allowed");
    }

    #[test]
    fn how_to_log_is_told_by_flag_or_file() {
        let log = settings(&["--log-format", "json"], "[log]\nslow_statement_ms = 50")
            .expect("settings")
            .log;
        assert_eq!(log.format, log::Format::Json);
        assert_eq!(log.slow.as_millis(), 50);
        assert!(
            settings(&["--log-format", "xml"], "")
                .expect_err("no such format")
                .contains("--log-format")
        );
    }
}
