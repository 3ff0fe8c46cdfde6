//! Passwords and PINs: Argon2id, away from the threads that answer requests.

use argon2::password_hash::phc::PasswordHash;
use argon2::{Algorithm, Argon2, Params, PasswordHasher, PasswordVerifier, Version};
use std::sync::{Arc, LazyLock};
use tokio::sync::Semaphore;
use zxcvbn::{Score, zxcvbn};

/// Shorter passwords are refused (ASVS 5.0, 6.2.1 asks for 8, and recommends 15).
pub const SHORTEST: usize = 10;
/// Longer ones too, so that hashing them costs nothing.
pub const LONGEST: usize = 200;

/// A password that nobody has: tries for unknown logins are checked against it, so that they take as long as others.
static DUMMY: LazyLock<String> = LazyLock::new(|| make("no password at all").unwrap_or_default());

/// Hashes passwords, at most two at a time: each takes 19 MiB and a core. Who may wait for it is a matter of
/// [`Turns`](super::turns::Turns).
#[derive(Clone, Debug)]
pub struct Hasher(Arc<Semaphore>);

impl Default for Hasher {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(2)))
    }
}

/// Whether a password was right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It was wrong, or there is none.
    Wrong,
    /// It was right.
    Right,
    /// It was right, and is to be kept in this form from now on.
    RightAnew(String),
}

// OWASP's first choice for Argon2id: 19 MiB, 2 passes, 1 lane.
fn argon2() -> Option<Argon2<'static>> {
    let params = Params::new(19 * 1024, 2, 1, None).ok()?;
    Some(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

fn make(password: &str) -> Option<String> {
    let hash = argon2()?.hash_password(password.as_bytes()).ok()?;
    Some(hash.to_string())
}

fn check(password: &str, kept: &str) -> Verdict {
    let (Some(argon2), Ok(hash)) = (argon2(), PasswordHash::new(kept)) else {
        return Verdict::Wrong;
    };
    if argon2.verify_password(password.as_bytes(), &hash).is_err() {
        return Verdict::Wrong;
    }
    let cost = |p: &Params| (p.m_cost(), p.t_cost(), p.p_cost());
    let today = Params::try_from(&hash).is_ok_and(|p| cost(&p) == cost(argon2.params()));
    if today {
        return Verdict::Right;
    }
    make(password).map_or(Verdict::Right, Verdict::RightAnew)
}

impl Hasher {
    async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Option<T> {
        let permit = Arc::clone(&self.0).acquire_owned().await.ok()?;
        let done = tokio::task::spawn_blocking(move || {
            let done = work();
            drop(permit);
            done
        });
        done.await.ok()
    }

    /// What is kept of a password. `None` when the operating system gives no random bits.
    pub async fn hash(&self, password: String) -> Option<String> {
        self.run(move || make(&password)).await.flatten()
    }

    /// Whether a password is the one that is kept; it takes as long when none is.
    pub async fn verify(&self, password: String, kept: Option<String>) -> Verdict {
        let checked = self.run(move || {
            // Made in either case, so that the first try takes as long.
            let dummy = DUMMY.as_str();
            if let Some(kept) = kept {
                return check(&password, &kept);
            }
            let _same_time = check(&password, dummy);
            Verdict::Wrong
        });
        checked.await.unwrap_or(Verdict::Wrong)
    }
}

/// What is wrong with a new password; `about` are words that it must not be made of, such as the login.
#[must_use]
pub fn problem(password: &str, about: &[&str]) -> Option<String> {
    let length = password.chars().count();
    let lower = password.to_lowercase();
    if length < SHORTEST {
        return Some(format!("must have at least {SHORTEST} characters"));
    }
    if length > LONGEST {
        return Some(format!("must have at most {LONGEST} characters"));
    }
    let mut kinds: Vec<char> = lower.chars().collect();
    kinds.sort_unstable();
    kinds.dedup();
    if kinds.len() < 5 {
        return Some("must have at least 5 different characters".to_owned());
    }
    if COMMON.iter().any(|common| lower.contains(common)) && length < 16 {
        return Some("is built on a word that everybody tries first".to_owned());
    }
    let close = about.iter().any(|word| {
        let word = word.to_lowercase();
        word.chars().count() > 3 && lower.contains(&word)
    });
    if close {
        return Some("must not hold your login or name".to_owned());
    }
    // Three of four: more than a hundred million guesses, in the order in which thieves make them. Lists of stolen passwords,
    // names and words, with what people put before and behind them and in place of letters, are through before.
    let guessed = zxcvbn(password, about).score() < Score::Three;
    guessed
        .then(|| "is among those that are tried first: take more words, or rarer ones".to_owned())
}

/// What is wrong with a new PIN.
#[must_use]
pub fn pin_problem(pin: &str) -> Option<String> {
    let digits = pin.chars().all(|c| c.is_ascii_digit());
    if !digits || !(4..=8).contains(&pin.len()) {
        return Some("must be 4 to 8 digits".to_owned());
    }
    let steps: Vec<i16> = pin
        .as_bytes()
        .windows(2)
        .map(|w| i16::from(w[1]) - i16::from(w[0]))
        .collect();
    let plain = steps.iter().all(|s| *s == 0)
        || steps.iter().all(|s| *s == 1)
        || steps.iter().all(|s| *s == -1);
    plain.then(|| "must not be a row such as 1234 or 0000".to_owned())
}

/// What most stolen lists begin with.
const COMMON: [&str; 16] = [
    "password",
    "passwort",
    "qwert",
    "12345",
    "abc123",
    "letmein",
    "welcome",
    "admin",
    "iloveyou",
    "monkey",
    "dragon",
    "football",
    "ms5floor",
    "ms5-floor",
    "changeme",
    "secret",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_right_password_opens_and_no_other() {
        let hasher = Hasher::default();
        let kept = hasher
            .hash("correct horse battery".to_owned())
            .await
            .expect("a hash");
        assert!(
            kept.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"),
            "{kept}"
        );
        let verify = async |text: &str| hasher.verify(text.to_owned(), Some(kept.clone())).await;
        assert_eq!(verify("correct horse battery").await, Verdict::Right);
        assert_eq!(verify("correct horse batterY").await, Verdict::Wrong);
        assert_eq!(
            hasher.verify("no password at all".to_owned(), None).await,
            Verdict::Wrong
        );
    }

    #[tokio::test]
    async fn a_hash_of_weaker_days_is_made_anew() {
        let params = Params::new(8 * 1024, 1, 1, None).expect("parameters");
        let old = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        let kept = old
            .hash_password(b"correct horse battery")
            .expect("a hash")
            .to_string();
        let verdict = Hasher::default()
            .verify("correct horse battery".to_owned(), Some(kept))
            .await;
        let Verdict::RightAnew(anew) = verdict else {
            panic!("{verdict:?}")
        };
        assert_eq!(check("correct horse battery", &anew), Verdict::Right);
    }

    #[test]
    fn weak_passwords_and_pins_are_named() {
        for weak in [
            "short",
            "aaaaaaaaaaaa",
            "Password2026",
            "maria.lopez-9",
            &"x".repeat(201),
        ] {
            assert!(problem(weak, &["maria.lopez"]).is_some(), "{weak}");
        }
        // From the lists that thieves begin with, and what is made of them.
        for listed in [
            "q1w2e3r4t5",
            "1qaz2wsx3edc",
            "sunshine2024",
            "superman123",
            "Liverpool1!",
            "michael1985",
            "Pr1ncess2020",
            "basketball1",
        ] {
            assert!(problem(listed, &[]).is_some(), "{listed}");
        }
        for sound in ["grey kettle on line 4", "vR9-kumquat-lathe"] {
            assert_eq!(problem(sound, &["maria.lopez"]), None, "{sound}");
        }
        for weak in ["123", "1234", "0000", "9876", "12a4", "123456789"] {
            assert!(pin_problem(weak).is_some(), "{weak}");
        }
        assert_eq!(pin_problem("4711"), None);
    }
}
