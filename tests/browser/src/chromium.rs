//! A browser: chromedriver, and one session of Chromium with a new empty profile.

use std::time::Instant;

use fantoccini::elements::Element;
use fantoccini::{Client, ClientBuilder, Locator};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};

use crate::door::Console;
use crate::driver::Driver;
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

/// The Tab key.
const TAB: &str = "\u{E004}";
/// The Enter key.
pub const ENTER: &str = "\u{E007}";

/// No page has so many places for the focus.
const TABS: usize = 100;

/// Height of a window in CSS pixels, and of one that is lower than most pages.
const HIGH: u32 = 900;
const LOW: u32 = 600;

/// How a browser looks at a page.
#[derive(Clone, Copy, Debug)]
pub struct View {
    /// Width of the window in CSS pixels.
    pub width: u32,
    /// Whether the user prefers dark pages.
    pub dark: bool,
}

/// A light window on a desk.
pub const DESK: View = View { width: 1280, dark: false };

/// A browser that ends with the test.
pub struct Chromium {
    /// Its client.
    pub client: Client,
    view: View,
    driver: Driver,
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
        let mut driver = Driver::new();
        let mut flags: Vec<String> = FLAGS.map(str::to_owned).to_vec();
        flags.extend_from_slice(more);
        flags.push(format!("--user-data-dir={}", driver.profile.path().join("profile").display()));
        flags.push(format!("--blink-settings=preferredColorScheme={}", u8::from(!view.dark)));
        let metrics =
            json!({ "width": view.width, "height": HIGH, "pixelRatio": 1, "touch": false, "mobile": false });
        let options = json!({ "args": flags, "mobileEmulation": { "deviceMetrics": metrics } });
        let mut capabilities = serde_json::Map::new();
        capabilities.insert("goog:chromeOptions".to_owned(), options);
        let mut builder = ClientBuilder::new(HttpConnector::new());
        let client =
            builder.capabilities(capabilities).connect(&format!("http://127.0.0.1:{}", driver.port)).await;
        let client = client.expect("Chromium starts");
        driver.session = client.session_id().await.ok().flatten().unwrap_or_default();
        let browser = Self { client, view, driver };
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

    /// Signs in at an address of a console, and shows the list of its boards. A console of one door begins with its page.
    ///
    /// # Panics
    /// It does not sign in, or the console shows no board.
    pub async fn enter(&self, address: &str, own: &str) {
        self.open(address).await;
        // The page of the sign-in has none.
        self.has("footer button").await;
        self.open(&format!("{own}/boards")).await;
        self.has("ul.boards a").await;
    }

    /// Signs in at a console, and returns the address of its only board.
    ///
    /// # Panics
    /// It does not sign in, or the console shows no board.
    pub async fn sign_in(&self, console: &mut Console) -> String {
        let (address, own) = console.address();
        self.enter(&address, &own).await;
        let board = self.script("return document.querySelector('ul.boards a').getAttribute('href')").await;
        format!("{own}{}", board.as_str().expect("an address"))
    }

    /// Moves by the Tab key until an element has the focus, and presses keys there.
    ///
    /// # Panics
    /// The Tab key does not lead there, or the focus cannot be seen.
    pub async fn tab_to(&self, css: &str, keys: &str) {
        self.has(css).await;
        let here = format!("return document.activeElement?.matches({}) ?? false", json!(css));
        for _ in 0..TABS {
            if self.script(&here).await == json!(true) {
                let outline = "return getComputedStyle(document.activeElement).outlineStyle";
                assert_ne!(self.script(outline).await, json!("none"), "{css}: the focus is seen");
                return self.keys(keys).await;
            }
            self.keys(TAB).await;
        }
        panic!("{css}: the Tab key does not lead there");
    }

    /// Presses keys, wherever the focus is.
    async fn keys(&self, keys: &str) {
        let field = self.client.active_element().await.expect("a focus");
        field.send_keys(keys).await.unwrap_or_else(|error| panic!("{keys:?}: {error}"));
    }

    /// Runs a script in the page.
    ///
    /// # Panics
    /// It fails.
    pub async fn script(&self, script: &str) -> Value {
        self.client.execute(script, vec![]).await.unwrap_or_else(|error| panic!("{script}: {error}"))
    }

    /// Runs a script that waits for something in the page.
    ///
    /// # Panics
    /// It fails.
    pub async fn script_async(&self, script: &str) -> Value {
        let script = format!(
            "const done = arguments[arguments.length - 1];
             (async () => {{ {script} }})().then(done, (error) => done(String(error)));"
        );
        self.client.execute_async(&script, vec![]).await.unwrap_or_else(|error| panic!("{script}: {error}"))
    }

    /// What a script returns, once it `holds`. Between two pages there is nothing to run it in: it is run again.
    ///
    /// # Panics
    /// It never does.
    pub async fn until(&self, what: &str, script: &str, holds: impl Fn(&Value) -> bool) -> Value {
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

    /// The picture of the whole page as a PNG file, however high it is.
    ///
    /// # Panics
    /// The browser gives none.
    pub async fn whole_page(&self) -> Vec<u8> {
        // What is as high as the window is no part of the height of the page.
        self.driver.resize(self.view.width, LOW).expect("it is resized");
        let (mut before, mut high) = (0, LOW);
        // A part whose height follows that of the window makes the page higher again.
        while high != before {
            before = high;
            let found = self.script("return document.documentElement.scrollHeight").await;
            high = found.as_u64().and_then(|high| u32::try_from(high).ok()).unwrap_or(HIGH);
            self.driver.resize(self.view.width, high).expect("it is resized");
            let inside = json!(high);
            self.until("the whole page", "return innerHeight", |height| height == &inside).await;
        }
        let png = self.picture().await;
        self.driver.resize(self.view.width, HIGH).expect("it is resized");
        png
    }

    /// The picture of an element as a PNG file.
    ///
    /// # Panics
    /// The browser gives none.
    pub async fn element_picture(&self, css: &str) -> Vec<u8> {
        self.find(css).await.screenshot().await.expect("a picture")
    }

    /// A picture of a file, written again as another kind of file, such as "image/jpeg". It is scaled, and its colours
    /// are rounded to a step: a drawing with fewer of them is a smaller file.
    ///
    /// # Panics
    /// It is none.
    pub async fn redrawn(&self, file: &std::path::Path, kind: &str, scale: f64, step: u8) -> Vec<u8> {
        self.open(&format!("file://{}", file.display())).await;
        let script = format!(
            "const image = document.images[0];
             const canvas = document.createElement('canvas');
             [canvas.width, canvas.height] = [image.naturalWidth, image.naturalHeight].map((side) => side * {scale} & ~1);
             const context = canvas.getContext('2d');
             context.imageSmoothingQuality = 'high';
             context.drawImage(image, 0, 0, canvas.width, canvas.height);
             const picture = context.getImageData(0, 0, canvas.width, canvas.height);
             picture.data.forEach((value, at) => {{ picture.data[at] = Math.round(value / {step}) * {step}; }});
             context.putImageData(picture, 0, 0);
             const blob = await new Promise((done) => canvas.toBlob(done, {}, 0.95));
             return [...new Uint8Array(await blob.arrayBuffer())];",
            json!(kind)
        );
        let bytes = self.script_async(&script).await;
        let bytes = bytes.as_array().unwrap_or_else(|| panic!("{bytes}")).iter();
        bytes.map(|byte| byte.as_u64().and_then(|byte| u8::try_from(byte).ok()).expect("a byte")).collect()
    }

    /// The picture of the whole window as a PNG file.
    ///
    /// # Panics
    /// The browser gives none.
    pub async fn picture(&self) -> Vec<u8> {
        self.client.screenshot().await.expect("a picture")
    }
}
