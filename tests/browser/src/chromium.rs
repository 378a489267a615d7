//! A browser: chromedriver, and one session of Chromium with a new empty profile.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use fantoccini::elements::Element;
use fantoccini::{Client, ClientBuilder, Locator};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};

use crate::{GENEROUS, PAUSE};

/// What works on a machine without a screen, without a graphics card, and without a network.
const FLAGS: [&str; 10] = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--lang=en",
];

/// How long a browser may take to end.
const FAREWELL: Duration = Duration::from_secs(20);

/// How a browser looks at a page.
#[derive(Clone, Copy, Debug)]
pub struct View {
    /// Width of the window in CSS pixels.
    pub width: u32,
    /// Whether the user prefers dark pages.
    pub dark: bool,
}

/// A browser that ends with the test.
pub struct Chromium {
    /// Its client.
    pub client: Client,
    _driver: Driver,
}

/// The program that drives a browser.
struct Driver {
    child: Child,
    port: u16,
    /// The session of its browser, once there is one.
    session: String,
    profile: tempfile::TempDir,
}

impl Drop for Driver {
    fn drop(&mut self) {
        // A driver that is killed leaves its browser behind: so the session is ended first.
        let end = || -> std::io::Result<usize> {
            let mut stream = TcpStream::connect(("127.0.0.1", self.port))?;
            stream.set_read_timeout(Some(FAREWELL))?;
            let (session, port) = (&self.session, self.port);
            write!(
                stream,
                "DELETE /session/{session} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\r\n"
            )?;
            stream.read(&mut [0; 64])
        };
        let _ = end();
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Chromium {
    /// A browser that looks at pages like this.
    ///
    /// # Panics
    /// It does not start.
    pub async fn start(view: View) -> Self {
        Self::start_with(view, &[]).await
    }

    /// The same, with more options of Chromium.
    ///
    /// # Panics
    /// It does not start.
    pub async fn start_with(view: View, more: &[String]) -> Self {
        let profile = tempfile::tempdir().expect("a folder");
        let mut driver = Command::new("chromedriver");
        driver.arg("--port=0").env("TMPDIR", profile.path()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut driver = driver.spawn().expect("chromedriver starts");
        let mut said = BufReader::new(driver.stdout.take().expect("stdout")).lines().map_while(Result::ok);
        let port: u16 = said
            .find_map(|line| line.split_once("successfully on port ")?.1.trim_end_matches('.').parse().ok())
            .expect("chromedriver says its port");
        // What it says later must not fill the pipe.
        std::thread::spawn(move || said.for_each(drop));
        let mut driver = Driver { child: driver, port, session: String::new(), profile };
        let mut flags: Vec<String> = FLAGS.map(str::to_owned).to_vec();
        flags.extend_from_slice(more);
        flags.push(format!("--user-data-dir={}", driver.profile.path().join("profile").display()));
        flags.push(format!("--blink-settings=preferredColorScheme={}", u8::from(!view.dark)));
        let metrics =
            json!({ "width": view.width, "height": 900, "pixelRatio": 1, "touch": false, "mobile": false });
        let options = json!({ "args": flags, "mobileEmulation": { "deviceMetrics": metrics } });
        let mut capabilities = serde_json::Map::new();
        capabilities.insert("goog:chromeOptions".to_owned(), options);
        let mut builder = ClientBuilder::new(HttpConnector::new());
        let client = builder.capabilities(capabilities).connect(&format!("http://127.0.0.1:{port}")).await;
        let client = client.expect("Chromium starts");
        driver.session = client.session_id().await.ok().flatten().unwrap_or_default();
        let browser = Self { client, _driver: driver };
        let seen =
            browser.script("return [innerWidth, matchMedia('(prefers-color-scheme: dark)').matches]").await;
        assert_eq!(seen, json!([view.width, view.dark]), "the browser is as the test wants it");
        browser
    }

    /// Opens an address.
    ///
    /// # Panics
    /// The browser cannot.
    pub async fn open(&self, address: &str) {
        self.client.goto(address).await.unwrap_or_else(|error| panic!("{address}: {error}"));
    }

    /// Runs a script in the page.
    ///
    /// # Panics
    /// It fails.
    pub async fn script(&self, script: &str) -> Value {
        self.client.execute(script, vec![]).await.unwrap_or_else(|error| panic!("{script}: {error}"))
    }

    /// What a script returns, once it `holds`. Between two pages there is nothing to run it in: it is run again.
    async fn until(&self, what: &str, script: &str, holds: impl Fn(&Value) -> bool) -> Value {
        let end = Instant::now() + GENEROUS;
        loop {
            let found = self.client.execute(script, vec![]).await;
            if let Ok(found) = &found
                && holds(found)
            {
                return found.clone();
            }
            if Instant::now() > end {
                let page = self.client.execute("return document.body.innerText", vec![]).await;
                panic!("{what}: not within {GENEROUS:?}; the page shows {page:?}");
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// Waits until the page shows a text, as a person reads it.
    ///
    /// # Panics
    /// It never does.
    pub async fn shows(&self, text: &str) {
        let script = "return document.readyState === 'complete' ? document.body.innerText : ''";
        self.until(text, script, |page| page.as_str().is_some_and(|page| page.contains(text))).await;
    }

    /// Waits until so many elements of a list have this text.
    ///
    /// # Panics
    /// They never have.
    pub async fn until_list(&self, css: &str, text: &str, count: usize) {
        let script = format!(
            "return [...document.querySelectorAll({})].filter((one) => one.innerText.includes({})).length",
            json!(css),
            json!(text)
        );
        self.until(text, &script, |found| found == &json!(count)).await;
    }

    /// Waits until the page has an element, which may be gone again then.
    ///
    /// # Panics
    /// It never has.
    pub async fn has(&self, css: &str) {
        let script = format!("return document.querySelector({}) !== null", json!(css));
        self.until(css, &script, |found| found == &json!(true)).await;
    }

    /// Waits until the page has an element that stays, and returns it.
    ///
    /// # Panics
    /// It never has.
    pub async fn find(&self, css: &str) -> Element {
        self.has(css).await;
        self.client.find(Locator::Css(css)).await.unwrap_or_else(|error| panic!("{css}: {error}"))
    }

    /// Clicks an element.
    ///
    /// # Panics
    /// It is not there, or something lies over it.
    pub async fn click(&self, css: &str) {
        self.find(css).await.click().await.unwrap_or_else(|error| panic!("{css}: {error}"));
    }

    /// Writes into a field, in place of what is there.
    ///
    /// # Panics
    /// There is no such field.
    pub async fn write(&self, css: &str, text: &str) {
        let field = self.find(css).await;
        field.clear().await.expect("it can be emptied");
        field.send_keys(text).await.unwrap_or_else(|error| panic!("{css}: {error}"));
    }

    /// Drops a file of this computer on an element, as a person does with the mouse.
    ///
    /// # Panics
    /// There is no such element.
    pub async fn drop_file(&self, css: &str, file: &std::path::Path) {
        self.find(css).await;
        // A page cannot read a file by its path: a field of the test holds it first.
        self.script("const held = document.createElement('input'); held.type = 'file'; held.id = 'held'; document.body.append(held);").await;
        self.find("#held").await.send_keys(&file.display().to_string()).await.expect("the file is held");
        self.script(&format!(
            "const held = document.getElementById('held'), carried = new DataTransfer();
             carried.items.add(held.files[0]);
             held.remove();
             const drop = document.querySelector({});
             for (const kind of ['dragover', 'drop'])
                 drop.dispatchEvent(new DragEvent(kind, {{ dataTransfer: carried, bubbles: true, cancelable: true }}));",
            json!(css)
        ))
        .await;
    }

    /// The picture of the whole window as a PNG file.
    ///
    /// # Panics
    /// The browser gives none.
    pub async fn picture(&self) -> Vec<u8> {
        self.client.screenshot().await.expect("a picture")
    }
}
