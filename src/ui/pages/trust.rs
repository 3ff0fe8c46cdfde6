//! How a tablet comes to trust the server's own authority. Drawn by the server alone, without scripts: whoever reads it
//! may have a browser that trusts nothing of it yet.

use leptos::prelude::*;

/// Where the authority's certificate is.
pub const AUTHORITY_PATH: &str = "/trust/authority.crt";

/// What the page tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trust {
    /// Address of the style sheet.
    pub css: String,
    /// SHA-256 of the certificate.
    pub fingerprint: String,
    /// The day of its end.
    pub ends: String,
    /// What the authority may vouch for besides the plant's own network; `None`: for anybody.
    pub vouches_for: Option<Vec<String>>,
}

/// The whole document.
#[must_use]
pub fn document(trust: Trust) -> String {
    let Trust {
        css,
        fingerprint,
        ends,
        vouches_for,
    } = trust;
    let limits = limits(vouches_for);
    let body = view! {
        <head>
            <meta charset="utf-8" />
            <meta name="viewport" content="width=device-width, initial-scale=1" />
            <meta name="color-scheme" content="light dark" />
            <title>"Trust this server · MS5 Floor"</title>
            <link rel="stylesheet" href=css />
            <link rel="icon" type="image/svg+xml" href="/favicon.svg" />
        </head>
        <body>
            <main class="frame trust" id="main">
                <h1>"Trust this server"</h1>
                <p>
                    "This server shows a certificate of the factory's own authority. A device that knows the authority "
                    "connects without a warning, and can tell when somebody else pretends to be this server. "
                    "Each device learns it once."
                </p>
                <p>{limits}</p>
                <section class="panel">
                    <h2>"1. Compare the fingerprint"</h2>
                    <p>
                        "The server wrote the same SHA-256 fingerprint where it was started. Read it there, or ask who runs "
                        "the server. If it differs, install nothing: somebody stands between you and the server."
                    </p>
                    <pre class="fingerprint">{fingerprint}</pre>
                    <p class="panel-note">"Good until "{ends}"."</p>
                </section>
                <section class="panel">
                    <h2>"2. Download the certificate"</h2>
                    <p class="notice-actions">
                        <a class="button" href=AUTHORITY_PATH>
                            "Download authority.crt"
                        </a>
                    </p>
                </section>
                <section class="panel">
                    <h2>"3. Install it"</h2>
                    {systems()}
                </section>
                <p class="notice-actions">
                    <a class="button" href="/">
                        "To the board"
                    </a>
                </p>
            </main>
        </body>
    };
    format!("<!DOCTYPE html><html lang=\"en\">{}</html>", body.to_html())
}

/// What the authority may vouch for, in one sentence; of one that may vouch for anybody, how to get another.
fn limits(vouches_for: Option<Vec<String>>) -> String {
    let Some(named) = vouches_for else {
        return "This authority was made by an older version and may vouch for any site in the world. To have one that \
                cannot, whoever runs the server stops it, moves authority.pem out of its folder of keys and starts it again; \
                then each device trusts the new one and forgets this one."
            .to_owned();
    };
    let besides = match named.as_slice() {
        [] => String::new(),
        named => format!(", and for {}", named.join(", ")),
    };
    format!(
        "This authority may vouch only for addresses inside private networks, for names that end in .local{besides}: also \
         somebody who has taken its key cannot pretend to be any other site."
    )
}

fn systems() -> impl IntoView {
    view! {
        <h3>"Android"</h3>
        <ol>
            <li>
                "Settings, Security, Encryption and credentials, Install a certificate, CA certificate. "
                "Names differ a little from maker to maker; search the settings for \"CA certificate\"."
            </li>
            <li>"Choose \"Install anyway\" and pick authority.crt from the downloads."</li>
            <li>"Open this server again in Chrome. Firefox needs \"Use third party CA certificates\" in its secret settings."</li>
        </ol>
        <h3>"iPad"</h3>
        <ol>
            <li>"Download in Safari and allow the configuration profile."</li>
            <li>"Settings, General, VPN and device management: install the profile."</li>
            <li>
                "Settings, General, About, Certificate trust settings: turn on full trust for the MS5 Floor authority. "
                "Without this step nothing changes."
            </li>
        </ol>
        <h3>"Windows"</h3>
        <ol>
            <li>"Open authority.crt, Install certificate, Local machine."</li>
            <li>"Place it in \"Trusted root certification authorities\". Or, as administrator:"</li>
        </ol>
        <pre>"certutil -addstore Root authority.crt"</pre>
        <h3>"Linux kiosk"</h3>
        <p>"For the system, on Debian and its relatives:"</p>
        <pre>
            "sudo cp authority.crt /usr/local/share/ca-certificates/ms5-floor.crt\nsudo update-ca-certificates"
        </pre>
        <p>"Chromium keeps its own list, for the account that it runs under (package libnss3-tools):"</p>
        <pre>
            "mkdir -p ~/.pki/nssdb\ncertutil -d sql:$HOME/.pki/nssdb -A -t C,, -n \"MS5 Floor\" -i authority.crt"
        </pre>
        <p class="panel-note">
            "Many devices at once: give authority.crt to the device management as a trusted root."
        </p>
    }
}
