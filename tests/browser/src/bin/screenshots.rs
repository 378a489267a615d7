//! Pictures of the console's pages, for people who look at them: `cargo xtask screenshots`.
//!
//! ```text
//! screenshots FOLDER [DOCS]
//! ```
//! FOLDER gets every page: on a desk and on a phone of 320 pixels, light and dark, in English and German. DOCS gets the few that
//! docs/console.md shows. The people on them are drawings (`faces/`): Chromium draws them, and the door takes them for faces.
#![forbid(unsafe_code)]

use std::path::{Path, PathBuf};
use std::process::Stdio;

use browser::chromium::{Chromium, View};
use browser::door::{Console, Door};
use browser::pictures::{CAMERA_FLAGS, camera_of};
use serde_json::json;

/// Who is drawn, as they are called at the door.
const PEOPLE: [(&str, &str); 3] = [("ada", "Ada Lind"), ("rosa", "Rosa Keller"), ("emil", "Emil Sommer")];

/// Every page: its address after that of the board, and the name of its picture.
const PAGES: [(&str, &str); 11] = [
    ("", "door"),
    ("/people", "people"),
    ("/people/1", "person"),
    ("/certainty", "certainty"),
    ("/certainty/trial", "trial"),
    ("/log", "log"),
    ("/settings", "settings"),
    ("/models", "models"),
    ("/computers", "computers"),
    ("/pair", "pair"),
    ("/nothing", "nothing"),
];

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let mut arguments = std::env::args_os().skip(1).map(PathBuf::from);
    let folder = arguments.next().expect("screenshots FOLDER [DOCS]");
    let docs = arguments.next();
    std::fs::create_dir_all(&folder).expect("a folder");
    let drawn = tempfile::tempdir().expect("a folder");
    let camera = draw(drawn.path()).await;
    let door = set_up(drawn.path());
    let mut console = Console::of(&door);
    let studio = Chromium::start(View { width: 640, dark: false }).await;
    for (width, dark, language) in
        [(860, false, "en"), (860, true, "en"), (320, false, "en"), (320, true, "de"), (860, false, "de")]
    {
        let view = View { width, dark };
        let browser = Chromium::start_with(view, &camera).await;
        let board = browser.sign_in(&mut console).await;
        browser.click(&format!("footer button[value={language}]")).await;
        browser.has(&format!("html[lang={language}]")).await;
        let name = format!("{width}-{}-{language}", if dark { "dark" } else { "light" });
        let keep = async |page: &str| {
            let png = browser.whole_page().await;
            let file = folder.join(format!("{name}-{page}.png"));
            std::fs::write(&file, &png).expect("written");
            println!("{} {} bytes", file.display(), png.len());
            for (of, size, scale, shown) in DOCS {
                if let (Some(docs), true) = (&docs, of == page && size == name) {
                    let small = studio.redrawn(&file, "image/png", scale, STEP).await;
                    assert!(small.len() < MOST, "{shown} has {} bytes", small.len());
                    std::fs::write(docs.join(shown), &small).expect("written");
                    println!("{} {} bytes", docs.join(shown).display(), small.len());
                }
            }
        };
        keep("boards").await;
        for (page, of) in PAGES {
            browser.open(&format!("{board}{page}")).await;
            browser.has("h1").await;
            if of == "door" {
                let ada = drawn.path().join("ada-2.png").display().to_string();
                let mut show = door.command(&["show", &ada, &ada, &ada]);
                let mut show = show.stdout(Stdio::null()).spawn().expect("postern starts");
                browser.has(".big.open").await;
                keep(of).await;
                show.wait().expect("it ends");
                continue;
            }
            keep(of).await;
        }
        // Before a camera, and a face that is enrolled already.
        browser.open(&format!("{board}/certainty/trial")).await;
        browser.click("button[value=browser]").await;
        browser.has(".meter").await;
        keep("trial-live").await;
        browser.click("button[value=stop]").await;
        browser.open(&format!("{board}/people")).await;
        browser.write("input[name=name]", "Ada Byron").await;
        browser.drop_file("[data-drop]", &drawn.path().join("ada-2.png")).await;
        browser.click("form[enctype] button.main").await;
        browser.has(".beside").await;
        browser.until("the pictures", LOADED, |found| found == &json!(true)).await;
        keep("twins").await;
        door.done(&["board", "down"]);
        door.done(&["board", "up"]);
    }
}

/// Whether every picture of the page is there.
const LOADED: &str = "return [...document.images].every((one) => one.complete && one.naturalWidth > 0)";

/// The step of the colours of pictures in the documentation, and most bytes of one.
const STEP: u8 = 15;
const MOST: usize = 100_000;

/// What docs/console.md shows: the page, how it is seen, its scale, and the file.
const DOCS: [(&str, &str, f64, &str); 3] = [
    ("door", "860-light-en", 0.6, "console-door.png"),
    ("trial-live", "860-dark-en", 0.55, "console-trial.png"),
    ("twins", "860-light-en", 0.6, "console-twins.png"),
];

/// Has Chromium draw the people, once as they are and once a little turned, and returns the flags of a camera that shows one.
async fn draw(folder: &Path) -> Vec<String> {
    let browser = Chromium::start(View { width: 640, dark: false }).await;
    for (file, _) in PEOPLE {
        let drawing = Path::new(env!("CARGO_MANIFEST_DIR")).join("faces").join(format!("{file}.svg"));
        browser.open(&format!("file://{}", drawing.display())).await;
        for (end, turn) in [("", ""), ("-2", "rotate(4deg) scale(.92)")] {
            let turn = format!(
                "const head = document.querySelector('svg > g');
                 head.style.transformOrigin = 'center';
                 head.style.transform = {};",
                json!(turn)
            );
            browser.script(&turn).await;
            let png = browser.element_picture("svg").await;
            std::fs::write(folder.join(format!("{file}{end}.png")), png).expect("written");
        }
    }
    let file = folder.join("camera.mjpeg");
    std::fs::write(&file, browser.redrawn(&folder.join("ada-2.png"), "image/jpeg", 1.0, 1).await)
        .expect("written");
    CAMERA_FLAGS.map(str::to_owned).into_iter().chain([camera_of(&file)]).collect()
}

/// A door with three people, their portraits, and what they did.
fn set_up(drawn: &Path) -> Door {
    let door = Door::paired();
    let picture = |file: &str| drawn.join(file).display().to_string();
    door.done(&["flash", "models"]);
    // A drawing is not alive.
    door.done(&["settings", "--liveness", "off"]);
    let portraits = door.folder().join("portraits");
    std::fs::create_dir_all(&portraits).expect("a folder");
    for (file, name) in PEOPLE {
        door.done(&["enroll", name, &picture(&format!("{file}.png"))]);
        let hex: String = name.bytes().map(|byte| format!("{byte:02x}")).collect();
        std::fs::copy(picture(&format!("{file}.png")), portraits.join(format!("{hex}.png"))).expect("copied");
    }
    door.done(&["rule", "Rosa Keller", "--hours", "mon-fri 08:00-18:00"]);
    door.done(&["show", &picture("emil-2.png")]);
    door
}
