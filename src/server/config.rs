//! Settings: by flag, by environment, by a TOML file, in that order; then the default.

mod proxies;
mod transport;

pub use proxies::{Network, NoNetwork};
pub use transport::{Transport, TransportArgs};

use super::auth::oidc;
use super::delivery;
use super::log::{self, LogArgs, LogFile};
use super::tls::Certificate;
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
    /// TOML file with settings, named as the flags with `_` for `-`
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
    #[command(flatten)]
    transport: TransportArgs,
    /// Show a simulated plant off: on this machine, one tap signs in as any role
    #[arg(long)]
    demonstration: bool,
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
    tls: Option<transport::Mode>,
    tls_cert: Option<PathBuf>,
    tls_key: Option<PathBuf>,
    tls_dir: Option<PathBuf>,
    tls_names: Option<Vec<String>>,
    behind_tls_proxy: Option<bool>,
    allow_plain_http: Option<bool>,
    trusted_proxies: Option<Vec<Network>>,
    oidc: Option<oidc::FileSettings>,
    delivery: Option<delivery::FileSettings>,
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
    /// What lies between browsers and the server.
    pub transport: Transport,
    /// Machines that say truly who asks through them.
    pub trusted_proxies: Vec<Network>,
    /// One tap signs in, on a simulated plant and this machine only.
    pub demonstration: bool,
    /// The certificate, when TLS ends here.
    pub certificate: Option<Certificate>,
    /// Who else can say who somebody is.
    pub oidc: Option<oidc::Settings>,
    /// By what people are reached.
    pub delivery: Option<delivery::Settings>,
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
    /// Not in clear, unless that is said.
    #[error(
        "--listen: {0} is reached over the network, where others could read the sessions of your people; use --tls local, \
         or a proxy with TLS and say --behind-tls-proxy, or --allow-plain-http"
    )]
    Remote(SocketAddr),
    /// One tap is for whoever sits in front of this machine.
    #[error(
        "--demonstration: goes only with an address of this machine and without TLS or a proxy"
    )]
    Demonstration,
    /// One is worth nothing without the other.
    #[error("{0} is missing: it goes with {1}")]
    Together(&'static str, &'static str),
    /// Only one certificate can be shown.
    #[error(
        "--tls: goes with no --tls-cert and --tls-key: the certificate is either given or made here"
    )]
    TwoCertificates,
    /// Nobody can be reached by that.
    #[error("--tls-name: '{0}' is neither a host name nor an address")]
    Name(String),
    /// The sign-in of somebody else.
    #[error(transparent)]
    Oidc(#[from] oidc::SettingsError),
    /// A way to reach people.
    #[error(transparent)]
    Delivery(#[from] delivery::settings::SettingsError),
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
        let database = self.database.url(file.database.clone());
        let listen = self.listen.or(file.listen).unwrap_or(DEFAULT_LISTEN);
        let trusted_proxies = self.transport.trusted_proxies(&file);
        let (transport, certificate) = self.transport.resolve(&file, listen, &database)?;
        let others = transport.reaches_others() || !trusted_proxies.is_empty();
        if self.demonstration && others {
            return Err(ConfigError::Demonstration);
        }
        let oidc = match file.oidc {
            Some(said) => Some(said.resolve(&|name| std::env::var(name).ok())?),
            None => None,
        };
        let delivery = match file.delivery {
            Some(said) => Some(said.resolve(&|name| std::env::var(name).ok())?),
            None => None,
        };
        let metrics = self.metrics.or(file.metrics);
        let remote_metrics = self.allow_remote_metrics.or(file.allow_remote_metrics);
        if let Some(address) = metrics
            && !(address.ip().is_loopback() || remote_metrics.unwrap_or(false))
        {
            return Err(ConfigError::RemoteMetrics(address));
        }
        Ok(Settings {
            database,
            listen,
            site: self.site.or(file.site),
            transport,
            trusted_proxies,
            demonstration: self.demonstration,
            certificate,
            oidc,
            delivery,
            metrics,
            log: self.log.resolve(&file.log),
        })
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
    }

    #[test]
    fn other_machines_are_not_served_in_clear_unless_that_is_said() {
        let remote = ["--listen", "0.0.0.0:80"];
        let refused = settings(&remote, "").expect_err("in clear");
        for way in ["--tls local", "--behind-tls-proxy", "--allow-plain-http"] {
            assert!(refused.contains(way), "{refused}");
        }
        let transport = |args: &[&str], file| {
            let got = settings(&[&remote, args].concat(), file);
            got.map(|settings| settings.transport)
        };
        assert_eq!(transport(&["--tls", "local"], ""), Ok(Transport::Tls));
        assert_eq!(
            transport(&["--behind-tls-proxy"], ""),
            Ok(Transport::BehindProxy)
        );
        assert_eq!(
            transport(&["--allow-plain-http"], ""),
            Ok(Transport::PlainHttp)
        );
        assert_eq!(
            transport(&[], "allow_plain_http = true"),
            Ok(Transport::PlainHttp)
        );
        assert!(transport(&["--allow-plain-http=false"], "allow_plain_http = true").is_err());
        assert_eq!(
            settings(&[], "").expect("settings").transport,
            Transport::Loopback
        );
        // A proxy mostly runs on the same machine.
        let proxied = settings(&["--behind-tls-proxy"], "").expect("settings");
        assert_eq!(proxied.transport, Transport::BehindProxy);
    }

    #[test]
    fn a_demonstration_is_for_this_machine_only() {
        let got = |args: &[&str]| settings(&[&["--demonstration"], args].concat(), "");
        assert!(got(&[]).expect("settings").demonstration);
        assert!(!settings(&[], "").expect("settings").demonstration);
        for elsewhere in [
            &["--behind-tls-proxy"][..],
            &["--tls", "local"],
            &["--listen", "0.0.0.0:80", "--allow-plain-http"],
            &["--trusted-proxy", "10.1.0.7"],
        ] {
            let refused = got(elsewhere).expect_err("not for this machine only");
            assert!(refused.contains("--demonstration"), "{refused}");
        }
        assert!(
            settings(&[], "demonstration = true").is_err(),
            "no setting that is forgotten"
        );
    }

    #[test]
    fn proxies_are_named_by_flag_or_file() {
        let proxies = |args: &[&str], file| settings(args, file).map(|s| s.trusted_proxies);
        let network = |text: &str| text.parse::<Network>().expect("a network");
        assert_eq!(proxies(&[], ""), Ok(vec![]));
        let file = "trusted_proxies = ['10.1.0.0/16', '::1']";
        let both = vec![network("10.1.0.0/16"), network("::1")];
        assert_eq!(proxies(&[], file), Ok(both));
        let flags = ["--trusted-proxy", "10.2.0.1,10.2.0.2"];
        let both = vec![network("10.2.0.1"), network("10.2.0.2")];
        assert_eq!(proxies(&flags, file), Ok(both));
        for (args, file, named) in [
            (&["--trusted-proxy", "proxy"][..], "", "--trusted-proxy"),
            (&[], "trusted_proxies = ['0.0.0.0/0']", "everybody"),
        ] {
            let refused = proxies(args, file).expect_err(named);
            assert!(refused.contains(named), "{refused}");
        }
    }

    #[test]
    fn a_certificate_is_given_or_made_here() {
        let certificate = |args: &[&str], file| settings(args, file).map(|s| s.certificate);
        let given = Certificate::Given {
            certificate: "c".into(),
            key: "k".into(),
        };
        assert_eq!(
            certificate(&["--tls-cert", "c", "--tls-key", "k"], "tls = 'local'"),
            Ok(Some(given.clone()))
        );
        assert_eq!(
            certificate(&[], "tls_cert = 'c'\ntls_key = 'k'"),
            Ok(Some(given))
        );
        assert_eq!(
            certificate(&["--tls", "off"], "tls_cert = 'c'\ntls_key = 'k'"),
            Ok(None)
        );
        let local = Certificate::Local {
            folder: "var/tls".into(),
            names: vec!["floor.example".to_owned(), "10.0.0.7".to_owned()],
        };
        let args = ["--tls", "local", "--tls-name", "floor.example,10.0.0.7"];
        assert_eq!(certificate(&args, ""), Ok(Some(local)));
        for (args, wrong) in [
            (["--tls-cert", "c"].as_slice(), "--tls-key"),
            (&["--tls-key", "k"], "--tls-cert"),
            (
                &["--tls", "local", "--tls-cert", "c", "--tls-key", "k"],
                "--tls",
            ),
            (
                &["--tls", "local", "--tls-name", "https://floor"],
                "https://floor",
            ),
        ] {
            let error = certificate(args, "").expect_err(wrong);
            assert!(error.contains(wrong), "{error}");
        }
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
        settings(&everywhere, "allow_plain_http = true").expect_err("remote");
        settings(&everywhere, "allow_remote_metrics = true").expect("allowed");
    }

    #[test]
    fn channels_are_set_up_each_by_itself() {
        let base = "[delivery]\naddress = 'https://floor.example'\n";
        assert_eq!(settings(&[], "").expect("settings").delivery, None);
        let none = settings(&[], base)
            .expect("settings")
            .delivery
            .expect("some");
        assert!(none.email.is_none() && none.webhook.is_none());
        let mail = "[delivery.email]\nserver = 'mail.example'\nfrom = 'floor@plant.example'\n";
        let got = settings(&[], &format!("{base}{mail}")).expect("settings");
        assert!(
            got.delivery
                .is_some_and(|d| d.email.is_some() && d.sms.is_none())
        );
        for (more, named) in [
            ("[delivery.pigeon]\nloft = 1", "pigeon"),
            (
                "[delivery.sms]\nurl = 'https://sms.example'",
                "MS5_SMS_SECRET",
            ),
            (
                "[delivery.webhook.teams]\nurl = 'https://x.example'",
                "MS5_WEBHOOK_TEAMS_SECRET",
            ),
            (
                "[delivery.webhook.'A b']\nurl = 'https://x.example'",
                "delivery.webhook.A b",
            ),
            ("[delivery.push]\ncontact = 'me'", "delivery.push.contact"),
        ] {
            let error = settings(&[], &format!("{base}{more}")).expect_err(named);
            assert!(error.contains(named), "{error}");
        }
        let error = settings(&[], "[delivery]\n").expect_err("no address");
        assert!(error.contains("address"), "{error}");
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

    /// A setting of the file with a value that may be anything.
    fn a_line() -> impl proptest::strategy::Strategy<Value = (String, String)> {
        use proptest::prelude::*;
        let names = [
            "database",
            "listen",
            "site",
            "tls",
            "tls_cert",
            "tls_key",
            "tls_dir",
            "tls_names",
            "behind_tls_proxy",
            "allow_plain_http",
            "trusted_proxies",
            "oidc",
            "metrics",
            "allow_remote_metrics",
            "log",
            "log.format",
            "log.slow_statement_ms",
            "oidc.issuer",
            "oidc.client_id",
            "oidc.addresses_are_verified",
            "delivery",
            "delivery.address",
            "delivery.email",
            "delivery.email.server",
            "delivery.webhook",
            "delivery.webhook.teams.url",
            "delivery.push.contact",
            "lissen",
        ];
        let name = proptest::sample::select(names.to_vec()).prop_map(str::to_owned);
        let value = prop_oneof![
            Just("true".to_owned()),
            any::<i64>().prop_map(|n| n.to_string()),
            any::<f64>().prop_map(|n| format!("{n:e}")),
            any::<String>().prop_map(|t| format!("{t:?}")),
            "[a-z0-9:./]{0,20}".prop_map(|t| format!("'{t}'")),
            proptest::sample::select(vec![
                "'local'",
                "'127.0.0.1:4000'",
                "['a']",
                "{}",
                "nan",
                "2026-07-06",
                "[[]]",
                ""
            ])
            .prop_map(str::to_owned),
        ];
        (name, value)
    }

    proptest::proptest! {
        #[test]
        fn any_file_is_read_or_refused_in_words(text in "\\PC{0,200}") {
            if let Err(words) = settings(&[], &text) {
                proptest::prop_assert!(words.len() > 10, "{}", words);
            }
        }

        #[test]
        fn a_setting_that_cannot_be_used_is_named((name, value) in a_line()) {
            if let Err(words) = settings(&[], &format!("{name} = {value}\n")) {
                let first = name.split('.').next().unwrap_or_default().to_owned();
                // A flag is named as it is typed.
                let flag = format!("--{}", first.replace('_', "-"));
                proptest::prop_assert!(words.contains(&first) || words.contains(&flag), "{}: {}", name, words);
            }
        }
    }
}
