//! The authority is made once and kept, its key is read by nobody else, and it vouches for this plant alone.

use super::{NOW, authority, days, folder, is_taken, local, open};
use crate::harness::at;
use rcgen::{CertificateParams, Issuer, KeyPair};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use std::fs;
use std::path::Path;

#[cfg(unix)]
#[test]
fn keys_are_for_the_account_of_the_server_alone() {
    use std::os::unix::fs::PermissionsExt;
    let folder = folder();
    let mode = |name: &str| {
        let of = fs::metadata(folder.path().join("tls").join(name)).expect("it is there");
        of.permissions().mode() & 0o777
    };
    open(local(folder.path(), &[]), at(NOW)).expect("TLS");
    assert_eq!(mode(""), 0o700);
    assert_eq!(mode("authority.pem"), 0o600);
    assert_eq!(mode("server.pem"), 0o600);
    // A copy from a backup may have lost that.
    let file = folder.path().join("tls/authority.pem");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).expect("changed");
    open(local(folder.path(), &[]), at(NOW)).expect("TLS");
    assert_eq!(mode("authority.pem"), 0o600);
}

#[test]
fn a_second_start_keeps_the_authority_and_a_new_name_costs_only_a_new_certificate() {
    let folder = folder();
    let server = || fs::read(folder.path().join("tls/server.pem")).expect("the certificate");
    let first = open(local(folder.path(), &[]), at(NOW)).expect("TLS");
    let shown = server();
    let second = open(local(folder.path(), &[]), days(at(NOW), 1)).expect("TLS");
    assert_eq!(second.authority(), first.authority());
    assert_eq!(server(), shown);
    let renamed = open(
        local(folder.path(), &["floor-2.local", "10.9.8.7"]),
        at(NOW),
    )
    .expect("TLS");
    assert_eq!(renamed.authority(), first.authority());
    let more = server();
    assert_ne!(more, shown);
    for (name, good) in [
        ("floor-2.local", true),
        ("10.9.8.7", true),
        ("10.9.8.6", false),
    ] {
        assert_eq!(is_taken(&authority(&renamed), &more, name), good, "{name}");
    }
    // What is gone is gone from the certificate, too.
    open(local(folder.path(), &["floor-2.local"]), at(NOW)).expect("TLS");
    assert!(!is_taken(&authority(&renamed), &server(), "10.9.8.7"));
    assert!(is_taken(&authority(&renamed), &server(), "floor-2.local"));
}

/// A certificate for these names, signed with the key of the authority in the folder: what a thief of the key makes.
fn forged(folder: &Path, names: &[&str]) -> Vec<u8> {
    let both = fs::read(folder.join("tls/authority.pem")).expect("the authority");
    let key = PrivateKeyDer::from_pem_slice(&both).expect("its key");
    let key = KeyPair::try_from(&key).expect("its key");
    let root = CertificateDer::from_pem_slice(&both).expect("its certificate");
    let issuer = Issuer::from_ca_cert_der(&root, &key).expect("an issuer");
    let names: Vec<String> = names.iter().map(|&n| n.to_owned()).collect();
    let params = CertificateParams::new(names).expect("names");
    let own = KeyPair::generate().expect("a key");
    let made = params.signed_by(&own, &issuer).expect("a certificate");
    made.pem().into_bytes()
}

#[test]
fn a_stolen_authority_speaks_for_no_site_but_this_plant() {
    let folder = folder();
    let asked = ["floor.example", "198.51.100.4"];
    let tls = open(local(folder.path(), &asked), at(NOW)).expect("TLS");
    let pem = authority(&tls);
    for (name, good) in [
        ("floor.example", true),
        ("198.51.100.4", true),
        ("tablet.local", true),
        ("10.1.2.3", true),
        ("fd00::7", true),
        ("bank.example", false),
        ("example", false),
        ("8.8.8.8", false),
        ("2001:db8::1", false),
    ] {
        let made = forged(folder.path(), &[name]);
        assert_eq!(is_taken(&pem, &made, name), good, "{name}");
    }
    // Not even beside a name that is its own.
    let both = forged(folder.path(), &["floor.example", "bank.example"]);
    assert!(!is_taken(&pem, &both, "bank.example"));
}

#[test]
fn a_name_that_the_authority_may_not_vouch_for_spoils_nothing() {
    let folder = folder();
    let first = open(local(folder.path(), &[]), at(NOW)).expect("TLS");
    let asked = ["later.example", "floor.local"];
    let later = open(local(folder.path(), &asked), at(NOW)).expect("TLS");
    assert_eq!(later.authority(), first.authority());
    let shown = fs::read(folder.path().join("tls/server.pem")).expect("the certificate");
    for (name, good) in [
        ("localhost", true),
        ("floor.local", true),
        ("later.example", false),
    ] {
        assert_eq!(is_taken(&authority(&later), &shown, name), good, "{name}");
    }
    // A new authority may.
    fs::remove_file(folder.path().join("tls/authority.pem")).expect("moved away");
    let renewed = open(local(folder.path(), &asked), at(NOW)).expect("TLS");
    let shown = fs::read(folder.path().join("tls/server.pem")).expect("the certificate");
    assert!(is_taken(&authority(&renewed), &shown, "later.example"));
}

#[test]
fn a_broken_authority_is_named_and_never_replaced() {
    let folder = folder();
    open(local(folder.path(), &[]), at(NOW)).expect("TLS");
    let file = folder.path().join("tls/authority.pem");
    let text = fs::read_to_string(&file).expect("the authority");
    let broken = text.replace("BEGIN PRIVATE KEY", "BEGIN NO KEY");
    fs::write(&file, &broken).expect("written");
    let error = open(local(folder.path(), &[]), at(NOW)).map(drop);
    let error = error.expect_err("broken");
    assert!(error.contains("authority.pem"), "{error}");
    assert_eq!(fs::read_to_string(&file).expect("as it was"), broken);
    // What the authority can make again is made again.
    fs::write(&file, &text).expect("written");
    fs::write(folder.path().join("tls/server.pem"), "broken").expect("written");
    open(local(folder.path(), &[]), at(NOW)).expect("TLS");
}
