//! Names of things. Numbers are given by the database; codes are what people and machines type.

use serde::{Deserialize, Serialize};

macro_rules! row_id {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
        #[serde(transparent)]
        pub struct $name(pub i64);
    )*};
}

row_id! {
    /// A production line: machines that are planned and judged together.
    LineId,
    /// An area of the site: lines that stand together.
    AreaId,
    /// A machine (ISA-95 work unit).
    MachineId,
    /// What is made.
    ProductId,
    /// Why a machine stood.
    ReasonId,
    /// Whoever sends facts: a gateway, a connector, a replay.
    SourceId,
    /// Somebody who works here.
    PersonId,
    /// A set of permissions with a name.
    RoleId,
    /// A shared tablet or a wall screen.
    DeviceId,
    /// A key of a connector.
    KeyId,
    /// A call for help.
    CallId,
    /// A message on its way to one address.
    DeliveryId,
    /// A browser that shows messages to somebody.
    SubscriptionId,
}

/// The position of a fact in the order in which facts were committed; resuming a live stream starts from one.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Seq(pub i64);
