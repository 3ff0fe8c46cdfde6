//! A number that may be unknowable, and then says why. Never 0 in place of "not known".

use serde::{Deserialize, Serialize};

/// Why a figure cannot be computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// There is no planned production time in the window.
    NotScheduled,
    /// All planned production time is without data.
    NoData,
    /// The machine did not run, so there is nothing to compare its output with.
    NoRunTime,
    /// Nothing was made, so there is nothing to judge.
    NoOutput,
    /// Pieces were made whose quality nobody reported.
    QualityNotReported,
    /// Pieces were made whose ideal rate is not known.
    NoIdealRate,
    /// Whoever asks may not see it.
    NotPermitted,
}

impl Why {
    /// The reason in words.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::NotScheduled => "not scheduled",
            Self::NoData => "no data",
            Self::NoRunTime => "did not run",
            Self::NoOutput => "nothing made",
            Self::QualityNotReported => "quality not reported",
            Self::NoIdealRate => "no ideal rate",
            Self::NotPermitted => "not permitted",
        }
    }
}

/// A ratio, or the reason why there is none. 1.0 is 100 %.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Figure {
    /// The ratio.
    Known(f64),
    /// Why there is none.
    Unknown(Why),
}

impl Figure {
    /// `part / whole`, or `why` when the whole is 0.
    #[must_use]
    pub fn ratio(part: i64, whole: i64, why: Why) -> Self {
        if whole == 0 {
            Self::Unknown(why)
        } else {
            Self::Known(part as f64 / whole as f64)
        }
    }

    /// The ratio, if there is one.
    #[must_use]
    pub const fn value(self) -> Option<f64> {
        match self {
            Self::Known(v) => Some(v),
            Self::Unknown(_) => None,
        }
    }

    /// As people read it: `71.4 %`, or `–` when it is not known.
    #[must_use]
    pub fn percent(self) -> String {
        match self {
            Self::Known(v) => format!("{:.1} %", v * 100.0),
            Self::Unknown(_) => "–".to_owned(),
        }
    }

    /// The reason, if it is not known.
    #[must_use]
    pub const fn why(self) -> Option<Why> {
        match self {
            Self::Known(_) => None,
            Self::Unknown(why) => Some(why),
        }
    }
}
