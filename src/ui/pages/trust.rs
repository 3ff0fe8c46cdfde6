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
}

/// The whole document.
#[must_use]
pub fn document(trust: Trust) -> String {
    let Trust {
        css,
        fingerprint,
        ends,
    } = trust;
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
