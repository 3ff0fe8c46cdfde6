//! The log: one line an event, as text or as JSON, on standard error. A line carries what its request carries (id,
//! method, route, person), and of a statement its name and its time. Values of statements, query strings, bodies and
//! headers never reach it: nobody hands them in.

mod fields;
mod line;

use super::clock::Clock;
use super::db::statement;
use super::metrics;
use fields::{Fields, Statement};
use line::{Line, Said};
use std::io::Write;
use std::panic::PanicHookInfo;
use std::time::Duration;
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::Interest;
use tracing::{Event, Level, Metadata, Subscriber};
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::{Context, SubscriberExt};
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::{SubscriberInitExt, TryInitError};
use tracing_subscriber::{Layer, Registry};

/// What is logged when nothing else is said.
const USUAL: &str = "info,sqlx=warn";
/// A statement that takes longer is told.
const SLOW_MS: u64 = 200;
/// Where the engine's driver tells of every statement.
const STATEMENTS: &str = "sqlx::query";
/// Where our own spans come from; they are kept whatever is logged, for the lines inside them.
const OURS: &str = "ms5_floor";

/// How a line looks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// For people.
    #[default]
    Text,
    /// For programs: one JSON object a line.
    Json,
}

/// What is logged, and how, as flags.
#[derive(Clone, Debug, clap::Args)]
pub struct LogArgs {
    /// How log lines look [default: text]
    #[arg(long, env = "MS5_LOG_FORMAT", value_name = "FORMAT")]
    log_format: Option<Format>,
    /// Statements that take longer, in milliseconds, are logged as warnings [default: 200]
    #[arg(long, env = "MS5_SLOW_STATEMENT_MS", value_name = "MS")]
    slow_statement_ms: Option<u64>,
    /// What is logged: levels, also by module, such as info,sqlx=debug [default: info,sqlx=warn]
    #[arg(long = "log", env = "MS5_LOG", value_name = "LEVELS")]
    levels: Option<Targets>,
}

/// The same from the settings file.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LogFile {
    format: Option<Format>,
    slow_statement_ms: Option<u64>,
}

/// What is logged, and how.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// How a line looks.
    pub format: Format,
    /// Statements that take longer are told.
    pub slow: Duration,
    /// Which events.
    pub levels: Targets,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            format: Format::Text,
            slow: Duration::from_millis(SLOW_MS),
            levels: usual(),
        }
    }
}

/// [`USUAL`] as a filter.
fn usual() -> Targets {
    USUAL
        .parse()
        .unwrap_or_else(|_| Targets::new().with_default(LevelFilter::INFO))
}

impl LogArgs {
    /// The settings: by flag, else by file, else as usual.
    #[must_use]
    pub fn resolve(self, file: &LogFile) -> Settings {
        let slow = self.slow_statement_ms.or(file.slow_statement_ms);
        Settings {
            format: self.log_format.or(file.format).unwrap_or_default(),
            slow: Duration::from_millis(slow.unwrap_or(SLOW_MS)),
            levels: self.levels.unwrap_or_else(usual),
        }
    }
}

/// Starts the log of this program on standard error, and tells of panics there instead of by themselves.
///
/// # Errors
/// When a log was started before.
pub fn start(settings: Settings) -> Result<(), TryInitError> {
    subscriber(settings, Clock::system(), std::io::stderr).try_init()?;
    std::panic::set_hook(Box::new(tell_panic));
    Ok(())
}

/// The log, on any writer.
pub fn subscriber<W>(
    settings: Settings,
    clock: Clock,
    writer: W,
) -> impl Subscriber + for<'a> LookupSpan<'a> + Send + Sync
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    Registry::default().with(Lines {
        settings,
        clock,
        writer,
    })
}

fn tell_panic(info: &PanicHookInfo<'_>) {
    let at = info.location().map(ToString::to_string);
    tracing::error!(
        panic = info.payload_as_str().unwrap_or("unknown"),
        at = at.unwrap_or_default(),
        "the program panicked"
    );
}

/// Writes events as lines.
struct Lines<W> {
    settings: Settings,
    clock: Clock,
    writer: W,
}

impl<W> Lines<W> {
    fn wants(&self, meta: &Metadata<'_>) -> bool {
        if meta.is_span() {
            return meta.target().starts_with(OURS);
        }
        // Measured, and told when slow, whatever is logged.
        meta.target() == STATEMENTS && *meta.level() <= Level::DEBUG || self.is_logged(meta)
    }

    fn is_logged(&self, meta: &Metadata<'_>) -> bool {
        self.settings
            .levels
            .would_enable(meta.target(), meta.level())
    }
}

impl<S, W> Layer<S> for Lines<W>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    W: for<'a> MakeWriter<'a> + 'static,
{
    fn register_callsite(&self, meta: &'static Metadata<'static>) -> Interest {
        if self.wants(meta) {
            Interest::always()
        } else {
            Interest::never()
        }
    }

    fn enabled(&self, meta: &Metadata<'_>, _: Context<'_, S>) -> bool {
        self.wants(meta)
    }

    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let mut fields = Fields::default();
        attributes.record(&mut fields);
        if let Some(span) = context.span(id) {
            span.extensions_mut().insert(fields);
        }
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        let Some(span) = context.span(id) else { return };
        if let Some(fields) = span.extensions_mut().get_mut::<Fields>() {
            values.record(fields);
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let meta = event.metadata();
        let mut said = Said {
            level: *meta.level(),
            target: meta.target(),
            fields: Fields::default(),
        };
        if meta.target() == STATEMENTS {
            let Some(statement) = Statement::of(event) else {
                return;
            };
            let is_slow = statement.took >= self.settings.slow;
            let is_told = is_slow || self.is_logged(meta);
            if !is_told && !metrics::are_kept() {
                return;
            }
            let name = statement::name(&statement.sql);
            metrics::ran(&name, statement.took);
            if !is_told {
                return;
            }
            said.level = if is_slow { Level::WARN } else { Level::DEBUG };
            said.fields = statement.told(name, is_slow);
        } else {
            event.record(&mut said.fields);
        }
        let mut carried = Vec::new();
        if let Some(scope) = context.event_scope(event) {
            for span in scope.from_root() {
                if let Some(fields) = span.extensions().get::<Fields>() {
                    carried.extend(fields.0.iter().cloned());
                }
            }
        }
        let line = Line::new(self.clock.now(), &said, &carried);
        let line = match self.settings.format {
            Format::Text => line.text(),
            Format::Json => line.json(),
        };
        // There is nowhere left to say that the log cannot be written.
        drop(self.writer.make_writer_for(meta).write_all(line.as_bytes()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::time::TsMs;
    use std::sync::{Arc, Mutex, PoisonError};
    use tracing::field::Empty;

    #[derive(Clone, Default)]
    struct Memory(Arc<Mutex<Vec<u8>>>);

    impl Write for Memory {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            all.extend(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    fn logged(format: Format, levels: &str, say: impl FnOnce()) -> String {
        let (memory, clock) = (Memory::default(), Clock::from_fn(|| TsMs(1_500)));
        let settings = Settings {
            format,
            levels: levels.parse().expect("levels"),
            ..Settings::default()
        };
        let writer = memory.clone();
        let log = subscriber(settings, clock, move || writer.clone());
        tracing::subscriber::with_default(log, say);
        let bytes = memory
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        String::from_utf8(bytes).expect("text")
    }

    fn somebody_asks() {
        let span = tracing::info_span!("request", request_id = "r1", person = Empty);
        span.record("person", "Ada");
        span.in_scope(|| tracing::warn!(line = 7, what = "two words", "it\nbroke"));
        tracing::debug!("not wanted");
    }

    #[test]
    fn a_line_carries_its_request_and_stays_one_line() {
        let text = logged(Format::Text, "info", somebody_asks);
        let target = module_path!();
        assert_eq!(
            text,
            format!(
                "1970-01-01T00:00:01.500Z  WARN {target}: it\\nbroke line=7 what=\"two words\" request_id=r1 person=Ada\n"
            )
        );
        let json: serde_json::Value =
            serde_json::from_str(&logged(Format::Json, "info", somebody_asks)).expect("one object");
        let expected = serde_json::json!({
            "time": "1970-01-01T00:00:01.500Z", "level": "WARN", "target": target, "message": "it\nbroke",
            "line": 7, "what": "two words", "request_id": "r1", "person": "Ada",
        });
        assert_eq!(json, expected);
    }

    #[test]
    fn a_line_carries_its_request_also_where_little_is_logged() {
        let text = logged(Format::Text, "error", || {
            somebody_asks();
            tracing::info_span!("request", request_id = "r2").in_scope(|| tracing::error!("gone"));
        });
        assert!(
            text.ends_with("gone request_id=r2\n") && text.lines().count() == 1,
            "{text}"
        );
    }

    #[test]
    fn only_statements_that_were_slow_are_told() {
        let ran = |seconds: f64| {
            move || {
                tracing::debug!(target: "sqlx::query", summary = "SELECT a FROM fact …",
                    db.statement = "\n\nSELECT a FROM fact\n  WHERE b = $1\n", rows_affected = 0_u64,
                    rows_returned = 3_u64, elapsed_secs = seconds);
            }
        };
        assert_eq!(logged(Format::Text, USUAL, ran(0.199)), "");
        let slow = logged(Format::Text, USUAL, ran(0.2));
        assert!(
            slow.contains(
                "a slow statement statement=\"select fact\" ms=200.0 rows=3 changed=0 \
                text=\"SELECT a FROM fact WHERE b = $1\""
            ),
            "{slow}"
        );
        let wanted = logged(Format::Text, "sqlx=debug", ran(0.001));
        assert!(
            wanted.contains("DEBUG sqlx::query: a statement statement=\"select fact\" ms=1.0"),
            "{wanted}"
        );
    }
}
