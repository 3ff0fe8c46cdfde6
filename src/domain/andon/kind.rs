//! The words of a call: what for, how urgent, how far it is, where the trouble came from.

use crate::domain::plant::FaultOrigin;

named! {
    /// What a call is for.
    CallKind {
        /// The line stands and nobody knows why yet.
        Stop = 1 "stop" "Stop";
        /// Somebody who mends machines.
        Maintenance = 2 "maintenance" "Maintenance";
        /// Material is missing or wrong.
        Material = 3 "material" "Material";
        /// The product is not as it should be.
        Quality = 4 "quality" "Quality";
        /// Somebody is or may be in danger.
        Safety = 5 "safety" "Safety";
    }
}

named! {
    /// How urgent a call is, from the least.
    Priority {
        /// It can wait for the next round.
        Low = 1 "low" "Low";
        /// Soon.
        Medium = 2 "medium" "Medium";
        /// Now.
        High = 3 "high" "High";
        /// Everybody who can help.
        Critical = 4 "critical" "Critical";
    }
}

named! {
    /// How far a call is.
    Status {
        /// Nobody took it yet.
        Raised = 1 "raised" "Raised";
        /// Somebody is coming.
        Acknowledged = 2 "acknowledged" "Acknowledged";
        /// Somebody is there.
        Arrived = 3 "arrived" "On site";
        /// The trouble is over.
        Resolved = 4 "resolved" "Resolved";
        /// Nothing is left to do.
        Closed = 5 "closed" "Closed";
        /// It was not needed.
        Cancelled = 6 "cancelled" "Cancelled";
    }
}

named! {
    /// Where the trouble of a resolved call came from.
    Cause {
        /// The place itself.
        Internal = 1 "internal" "Here";
        /// The place before it.
        Upstream = 2 "upstream" "Before it";
        /// The place behind it.
        Downstream = 3 "downstream" "Behind it";
    }
}

impl Status {
    /// Whether the trouble still waits for somebody.
    #[must_use]
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Raised | Self::Acknowledged | Self::Arrived)
    }
}

impl From<FaultOrigin> for Cause {
    fn from(origin: FaultOrigin) -> Self {
        match origin {
            FaultOrigin::Internal => Self::Internal,
            FaultOrigin::Upstream => Self::Upstream,
            FaultOrigin::Downstream => Self::Downstream,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    macro_rules! reads_back {
        ($($name:ident),*) => {$(
            for one in $name::ALL {
                assert_eq!($name::from_code(one.code()), Some(one));
                assert_eq!($name::from_name(one.name()), Some(one));
                let json = serde_json::to_string(&one).expect("json");
                assert_eq!(json, format!("\"{}\"", one.name()));
                assert!(!one.words().is_empty());
            }
            assert_eq!(($name::from_code(0), $name::from_name("Stop ")), (None, None));
        )*};
    }

    #[test]
    fn numbers_and_names_read_back_and_names_are_those_on_the_wire() {
        reads_back!(CallKind, Priority, Status, Cause);
    }

    #[test]
    fn the_more_urgent_is_the_greater() {
        assert!(Priority::Critical > Priority::High && Priority::Medium > Priority::Low);
    }
}
