//! Enums whose variants have a number in the database, a name on the wire and words for people.

/// One line a variant: what it is, its variant, its number (which never changes its meaning), its name, its words.
macro_rules! named {
    ($(#[$doc:meta])* $name:ident { $($(#[$one:meta])* $variant:ident = $code:literal $text:literal $words:literal;)* }) => {
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
        #[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
        // After the derives: it may hold attributes that belong to them.
        $(#[$doc])*
        #[serde(rename_all = "snake_case")]
        #[repr(i64)]
        pub enum $name {
            $($(#[$one])* $variant = $code,)*
        }

        impl $name {
            /// Every one, in the order of the numbers.
            pub const ALL: [Self; [$($code),*].len()] = [$(Self::$variant),*];

            /// The number that the database stores.
            #[must_use]
            pub const fn code(self) -> i64 {
                self as i64
            }

            /// The one with this stored number.
            #[must_use]
            pub fn from_code(code: i64) -> Option<Self> {
                Self::ALL.into_iter().find(|one| one.code() == code)
            }

            /// Its name on the wire.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }

            /// The one with this name.
            #[must_use]
            pub fn from_name(name: &str) -> Option<Self> {
                Self::ALL.into_iter().find(|one| one.name() == name)
            }

            /// Its name for people.
            #[must_use]
            pub const fn words(self) -> &'static str {
                match self { $(Self::$variant => $words,)* }
            }
        }
    };
}
