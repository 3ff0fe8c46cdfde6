//! What an error of the database means for the one who asked: try again later, or a fault of ours.

use sqlx::error::DatabaseError;
use sqlx::postgres::PgDatabaseError;
use sqlx::sqlite::SqliteError;

/// The kinds of failure that are answered differently.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// The database cannot be reached, or has no room or connection left: it may be back in a moment.
    Unreachable,
    /// Somebody else holds what was wanted; the same request may succeed in a moment.
    Locked,
    /// Anything else: a wrong statement, a broken rule, a row that cannot be read. Trying again does not help.
    Inside,
}

impl Failure {
    /// What kind of failure `error` is.
    #[must_use]
    pub fn of(error: &sqlx::Error) -> Self {
        match error {
            sqlx::Error::PoolTimedOut
            | sqlx::Error::PoolClosed
            | sqlx::Error::WorkerCrashed
            | sqlx::Error::Tls(_) => Self::Unreachable,
            sqlx::Error::Io(error) => Self::of_io(error),
            sqlx::Error::Database(error) => Self::of_engine(&**error),
            _ => Self::Inside,
        }
    }

    fn of_io(error: &std::io::Error) -> Self {
        let carried = error.get_ref().and_then(|e| e.downcast_ref::<Carried>());
        carried.map_or(Self::Unreachable, |carried| carried.kind)
    }

    const fn tag(self) -> &'static str {
        match self {
            Self::Unreachable => "unreachable",
            Self::Locked => "locked",
            Self::Inside => "inside",
        }
    }

    fn of_engine(error: &dyn DatabaseError) -> Self {
        let code = error.code().unwrap_or_default();
        if error.try_downcast_ref::<SqliteError>().is_some() {
            return code.parse().map_or(Self::Inside, of_sqlite);
        }
        if error.try_downcast_ref::<PgDatabaseError>().is_some() {
            return of_postgres(&code);
        }
        Self::Inside
    }

    /// In plain words; `None` when there is nothing to wait for.
    #[must_use]
    pub const fn word(self) -> Option<&'static str> {
        match self {
            Self::Unreachable => Some("the database cannot be reached"),
            Self::Locked => Some("the database is locked by somebody else"),
            Self::Inside => None,
        }
    }
}

/// An error of the database that goes through what carries texts only, such as a store of sessions, and keeps its kind.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}: {words}", .kind.tag())]
pub struct Carried {
    kind: Failure,
    words: String,
}

impl Carried {
    /// What is carried of an error; its text is `KIND: words`.
    #[must_use]
    pub fn of(error: &sqlx::Error) -> Self {
        Self {
            kind: Failure::of(error),
            words: error.to_string(),
        }
    }

    /// What was carried in a text. One of another form is a fault of ours: nothing says that it will pass.
    #[must_use]
    pub fn read(text: &str) -> Self {
        let kinds = [Failure::Unreachable, Failure::Locked, Failure::Inside];
        let found = text.split_once(": ").and_then(|(tag, words)| {
            let kind = kinds.into_iter().find(|kind| kind.tag() == tag)?;
            Some((kind, words))
        });
        let (kind, words) = found.unwrap_or((Failure::Inside, text));
        Self {
            kind,
            words: words.to_owned(),
        }
    }

    /// An error of the same kind again.
    #[must_use]
    pub fn into_sqlx(self) -> sqlx::Error {
        match self.kind {
            Failure::Inside => sqlx::Error::Protocol(self.words),
            Failure::Unreachable | Failure::Locked => sqlx::Error::Io(std::io::Error::other(self)),
        }
    }
}

/// By SQLite's result code; its lowest eight bits are the primary code.
const fn of_sqlite(code: i32) -> Failure {
    match code & 0xff {
        // BUSY, LOCKED
        5 | 6 => Failure::Locked,
        // IOERR, FULL, CANTOPEN
        10 | 13 | 14 => Failure::Unreachable,
        _ => Failure::Inside,
    }
}

/// By `SQLSTATE`.
fn of_postgres(state: &str) -> Failure {
    match state {
        // Serialisation failure, deadlock, lock not available.
        "40001" | "40P01" | "55P03" => Failure::Locked,
        // Read only: a stand-by that is about to take over.
        "25006" => Failure::Unreachable,
        // Connection lost, no resources left, shut down or starting.
        _ if state.starts_with("08") || state.starts_with("53") || state.starts_with("57P0") => {
            Failure::Unreachable
        }
        _ => Failure::Inside,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_pass_by_itself_is_told_from_what_does_not() {
        for state in ["40001", "40P01", "55P03"] {
            assert_eq!(of_postgres(state), Failure::Locked, "{state}");
        }
        for state in [
            "08006", "08001", "53300", "53100", "57P01", "57P02", "57P03", "25006",
        ] {
            assert_eq!(of_postgres(state), Failure::Unreachable, "{state}");
        }
        for state in ["23505", "42P01", "57014", "22003", ""] {
            assert_eq!(of_postgres(state), Failure::Inside, "{state}");
        }
        // SQLITE_BUSY_SNAPSHOT and SQLITE_IOERR_WRITE carry more than their primary code.
        assert_eq!([5, 6, 517].map(of_sqlite), [Failure::Locked; 3]);
        assert_eq!([10, 13, 14, 778].map(of_sqlite), [Failure::Unreachable; 4]);
        assert_eq!([1, 11, 19, 2067].map(of_sqlite), [Failure::Inside; 4]);
    }

    #[test]
    fn an_error_that_was_carried_as_a_text_is_of_the_same_kind() {
        for kind in [Failure::Unreachable, Failure::Locked, Failure::Inside] {
            let words = "what: the engine said".to_owned();
            let carried = Carried { kind, words };
            let again = Carried::read(&carried.to_string());
            assert_eq!(again, carried);
            assert_eq!(Failure::of(&again.into_sqlx()), kind);
        }
        let of = |error: &sqlx::Error| Carried::read(&Carried::of(error).to_string()).kind;
        assert_eq!(of(&sqlx::Error::PoolTimedOut), Failure::Unreachable);
        assert_eq!(of(&sqlx::Error::RowNotFound), Failure::Inside);
        assert_eq!(Carried::read("anything: else").kind, Failure::Inside);
    }

    #[test]
    fn without_an_answer_the_database_is_unreachable() {
        let refused = std::io::Error::from(std::io::ErrorKind::ConnectionRefused);
        for error in [
            sqlx::Error::PoolTimedOut,
            sqlx::Error::PoolClosed,
            sqlx::Error::Io(refused),
        ] {
            assert_eq!(Failure::of(&error), Failure::Unreachable, "{error}");
        }
        assert_eq!(Failure::of(&sqlx::Error::RowNotFound), Failure::Inside);
    }
}
