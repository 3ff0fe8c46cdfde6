//! An authority of the factory's own: one key that signs the server's certificates, and that tablets learn to trust once.

use super::limits::Limits;
use super::{Pair, TlsError};
use crate::domain::time::TsMs;
use crate::server::private_file;
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa,
    Issuer, KeyPair, KeyUsagePurpose,
};
use rustls::RootCertStore;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use sha2::{Digest, Sha256};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

const DAY_MS: i64 = 86_400_000;
/// How long tablets can rely on the authority.
const AUTHORITY_DAYS: i64 = 3_653;
/// Browsers refuse certificates of more than 398 days.
const SERVER_DAYS: i64 = 397;
/// A certificate begins earlier than it is made: clocks of tablets are late at times.
const EARLIER_DAYS: i64 = 1;
/// RFC 7468.
const BEGIN: &str = "-----BEGIN CERTIFICATE-----";
/// A certificate that ends sooner is replaced.
const RENEW_DAYS: i64 = 30;

/// The authority with its key.
pub struct Authority {
    key: KeyPair,
    certificate: CertificateDer<'static>,
    /// The same as text.
    pem: String,
    ends: TsMs,
    /// What it may vouch for; `None` for one of an older program, which may vouch for anybody.
    limits: Option<Limits>,
}

/// What everybody may know of the authority.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Public {
    /// Its certificate.
    pub pem: String,
    /// SHA-256 of the certificate, as systems show it: pairs of hexadecimal digits with colons between them.
    pub fingerprint: String,
    /// When it ends.
    pub ends: TsMs,
    /// What it may vouch for besides names that end in `.local` and addresses inside private networks; `None` when an older
    /// program made it, and it may vouch for any site.
    pub vouches_for: Option<Vec<String>>,
}

impl Authority {
    /// The authority in the file; when there is none, or it is about to end, a new one within `limits`.
    ///
    /// # Errors
    /// When the file cannot be read or written, or holds something else. Such a file is never replaced: tablets may trust it.
    pub fn open_or_make(file: &Path, limits: Limits, now: TsMs) -> Result<Self, TlsError> {
        let failed = |why: String| TlsError::of("--tls-dir", file, why);
        if let Some(bytes) = private_file::read(file).map_err(|e| failed(e.to_string()))? {
            let found = Self::parse(&bytes).map_err(failed)?;
            if found.ends > after(now, RENEW_DAYS) {
                return Ok(found);
            }
            tracing::warn!(
                "the local authority ends; a new one is made, which tablets must learn to trust"
            );
        }
        let made = Self::make(limits, now).map_err(|e| failed(e.to_string()))?;
        let text = made.key.serialize_pem() + &made.pem;
        private_file::write(file, &text).map_err(|e| failed(e.to_string()))?;
        Ok(made)
    }

    fn make(limits: Limits, now: TsMs) -> Result<Self, rcgen::Error> {
        let key = KeyPair::generate()?;
        let mut params = CertificateParams::default();
        let mut name = DistinguishedName::new();
        // Two factories' authorities differ in the list of a tablet that knows both.
        let mark = hex(&Sha256::digest(key.public_key_raw())[..4], "");
        name.push(DnType::OrganizationName, "MS5 Floor");
        name.push(DnType::CommonName, format!("MS5 Floor authority {mark}"));
        params.distinguished_name = name;
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        params.name_constraints = Some(limits.constraints());
        let ends = after(now, AUTHORITY_DAYS);
        params.not_before = time(after(now, -EARLIER_DAYS)).into();
        params.not_after = time(ends).into();
        let certificate = params.self_signed(&key)?;
        Ok(Self {
            key,
            pem: certificate.pem(),
            certificate: certificate.der().clone(),
            ends,
            limits: Some(limits),
        })
    }

    fn parse(bytes: &[u8]) -> Result<Self, String> {
        let key = PrivateKeyDer::from_pem_slice(bytes).map_err(|e| format!("private key: {e}"))?;
        let key = KeyPair::try_from(&key).map_err(|e| format!("private key: {e}"))?;
        let certificate =
            CertificateDer::from_pem_slice(bytes).map_err(|e| format!("certificate: {e}"))?;
        let text = String::from_utf8_lossy(bytes);
        let begins = text.find(BEGIN).ok_or("certificate: none")?;
        Ok(Self {
            key,
            pem: text[begins..].to_owned(),
            ends: end_of(&certificate)?,
            limits: Limits::of(&certificate)?,
            certificate,
        })
    }

    /// Whether it may vouch for a host name or address.
    pub fn may_vouch_for(&self, name: &str) -> bool {
        self.limits.as_ref().is_none_or(|limits| limits.hold(name))
    }

    /// The server's certificate in the file when it is good for all these names, and no others, for a while yet; else a new
    /// one.
    ///
    /// # Errors
    /// When the file cannot be read or written.
    pub fn server_pair(&self, file: &Path, names: &[String], now: TsMs) -> Result<Pair, TlsError> {
        let failed = |why: String| TlsError::of("--tls-dir", file, why);
        if let Some(bytes) = private_file::read(file).map_err(|e| failed(e.to_string()))?
            && let Ok(pair) = Pair::parse(&bytes, &bytes)
            && pair
                .chain
                .first()
                .is_some_and(|shown| is_for_no_more(shown, names))
            && self.is_trusted(&pair, names, now)
            && self.is_trusted(&pair, names, after(now, RENEW_DAYS))
        {
            return Ok(pair);
        }
        let text = self.issue(names, now).map_err(|e| failed(e.to_string()))?;
        private_file::write(file, &text).map_err(|e| failed(e.to_string()))?;
        Pair::parse(text.as_bytes(), text.as_bytes()).map_err(failed)
    }

    /// A key and a certificate for it.
    fn issue(&self, names: &[String], now: TsMs) -> Result<String, rcgen::Error> {
        let issuer = Issuer::from_ca_cert_der(&self.certificate, &self.key)?;
        let key = KeyPair::generate()?;
        let mut params = CertificateParams::new(names)?;
        let mut name = DistinguishedName::new();
        name.push(DnType::CommonName, "MS5 Floor");
        params.distinguished_name = name;
        params.is_ca = IsCa::ExplicitNoCa;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        params.use_authority_key_identifier_extension = true;
        params.not_before = time(after(now, -EARLIER_DAYS)).into();
        params.not_after = time(after(now, SERVER_DAYS - EARLIER_DAYS).min(self.ends)).into();
        let certificate = params.signed_by(&key, &issuer)?;
        Ok(key.serialize_pem() + &certificate.pem())
    }

    /// Whether somebody who trusts this authority alone would take the certificate at `now`, under every name.
    fn is_trusted(&self, pair: &Pair, names: &[String], now: TsMs) -> bool {
        let mut roots = RootCertStore::empty();
        let Some(shown) = pair.chain.first() else {
            return false;
        };
        if roots.add(self.certificate.clone()).is_err() {
            return false;
        }
        let Ok(verifier) =
            WebPkiServerVerifier::builder_with_provider(Arc::new(roots), super::provider()).build()
        else {
            return false;
        };
        let now =
            UnixTime::since_unix_epoch(time(now).duration_since(UNIX_EPOCH).unwrap_or_default());
        names.iter().all(|name| {
            ServerName::try_from(name.as_str()).is_ok_and(|name| {
                verifier
                    .verify_server_cert(shown, &[], &name, &[], now)
                    .is_ok()
            })
        })
    }

    /// What everybody may know.
    pub fn public(&self) -> Public {
        Public {
            pem: self.pem.clone(),
            fingerprint: hex(&Sha256::digest(&self.certificate), ":"),
            ends: self.ends,
            vouches_for: self.limits.as_ref().map(Limits::named),
        }
    }
}

/// When the certificate ends.
pub fn end_of(certificate: &CertificateDer<'_>) -> Result<TsMs, String> {
    let (_, parsed) = x509_parser::parse_x509_certificate(certificate)
        .map_err(|e| format!("certificate: {e}"))?;
    Ok(TsMs(parsed.validity().not_after.timestamp() * 1000))
}

/// Whether a certificate is made out to as many as these: it is good for each of them, or is replaced anyway.
fn is_for_no_more(certificate: &CertificateDer<'_>, names: &[String]) -> bool {
    let Ok((_, parsed)) = x509_parser::parse_x509_certificate(certificate) else {
        return false;
    };
    let told = parsed.subject_alternative_name();
    told.is_ok_and(|told| told.is_some_and(|t| t.value.general_names.len() == names.len()))
}

fn after(now: TsMs, days: i64) -> TsMs {
    TsMs(now.0 + days * DAY_MS)
}

/// Certificates count in whole seconds from 1970.
fn time(at: TsMs) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(u64::try_from(at.0 / 1000).unwrap_or_default())
}

fn hex(bytes: &[u8], between: &str) -> String {
    let pairs: Vec<String> = bytes.iter().map(|b| format!("{b:02X}")).collect();
    pairs.join(between)
}
