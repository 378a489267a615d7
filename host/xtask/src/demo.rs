//! `cargo xtask demo`: the main job from start to end, on the door for Linux or on an emulated board.
//!
//! It goes through the command line, as a user would, with a board of its own below `.cache/demo`;
//! every command is printed before it runs, so that it can be repeated by hand. At the end it draws what the door saw on
//! one sheet.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, ensure};
use imaging::{Photo, Tile};

use crate::firmware::Board;
use crate::{firmware, images, process, setup, sources, workspace};

/// Who is enrolled, from one photograph each.
const PEOPLE: [(&str, &str); 2] = [("Barack", "obama.jpg"), ("Joe", "biden.jpg")];

/// Who then stands before the door: other photographs, partial faces, and a stranger.
const VISITORS: [&str; 5] =
    ["obama2.jpg", "obama3.jpg", "obama_partial_face.jpg", "obama_partial_face2.jpg", "astronaut.png"];

/// Side of a frame on the sheet, in pixels.
const SIDE: u32 = 480;

/// Options of `cargo xtask demo`.
#[derive(clap::Args)]
pub struct Args {
    /// The board to run it on. The door for Linux runs on this computer at its own speed
    #[arg(long, default_value = "linux")]
    board: Machine,

    /// The encoder to run on it
    #[arg(long, default_value = "postern-128")]
    encoder: String,

    /// Open the console of this door at the end, until Ctrl-C: its address is the last line
    #[arg(long)]
    console: bool,
}

/// What the demo runs on.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Machine {
    /// This computer
    Linux,
    /// Arm MPS3 AN547: Cortex-M55 with Helium, emulated
    An547,
    /// Arm MPS2 AN500: Cortex-M7, emulated
    An500,
}

impl Machine {
    fn name(self) -> &'static str {
        self.board().map_or("linux", Board::name)
    }

    /// `None` for this computer.
    fn board(self) -> Option<Board> {
        match self {
            Self::Linux => None,
            Self::An547 => Some(Board::An547),
            Self::An500 => Some(Board::An500),
        }
    }

    /// The door's program.
    fn program(self) -> anyhow::Result<PathBuf> {
        match self.board() {
            Some(board) => {
                heading("firmware");
                firmware::build(board)
            }
            // It is built with the command line.
            None => Ok(workspace::target()?.join("release/postern-door")),
        }
    }
}

/// The board of the demo.
struct Door {
    name: &'static str,
    state: PathBuf,
}

/// Prepares everything and runs the door.
pub fn run(args: &Args) -> anyhow::Result<()> {
    heading("the programs, and meanwhile what is missing on this machine");
    if args.board.board().is_some() {
        setup::compilers()?;
    }
    std::thread::scope(|scope| {
        let fetching = scope.spawn(setup::for_demo);
        let built = images::build_door();
        fetching.join().map_err(|_| anyhow::anyhow!("what is missing could not be fetched"))??;
        built
    })?;
    heading("networks to int8 images");
    // The committed ones have images already.
    let fetched = sources::model_names(models::Purpose::Door)?;
    let needed = ["yunet", args.encoder.as_str(), "liveness"].map(str::to_owned);
    images::compile_these(&fetched.into_iter().filter(|name| needed.contains(name)).collect::<Vec<_>>())?;
    let program = args.board.program()?;
    let name = args.board.name();
    let door = Door { name, state: workspace::cache("demo") };
    door.forget()?;

    heading("a board, and a computer that it does not know");
    door.postern(&["board", "up", "--machine", name, "--firmware", &program.display().to_string()])?;
    let obeyed = door.postern(&["users"]).is_ok();
    ensure!(!obeyed, "the board obeyed an unpaired computer");

    heading("the computer is paired, and signs the networks");
    door.postern(&["pair", "--press-button"])?;
    let encoder = args.encoder.as_str();
    let networks = ["--detector", "yunet", "--encoder", encoder, "--liveness", "liveness"];
    door.postern(&[&["flash", "models"][..], &networks].concat())?;

    heading("two people, one photograph each");
    for (person, photo) in PEOPLE {
        door.postern(&["enroll", person, &picture(photo)])?;
    }

    heading("who comes to the door");
    let drawn = door.state.join("pictures");
    let mut show = vec!["show".to_owned()];
    show.extend(VISITORS.map(picture));
    show.extend(["--save".to_owned(), drawn.display().to_string(), "--force".to_owned()]);
    door.postern(&show.iter().map(String::as_str).collect::<Vec<_>>())?;

    heading("the photographs of both: printed, swapped in place of the living person, and cut out");
    let attacks = door.state.join("attacks");
    for (person, photo) in PEOPLE {
        let folder = attacks.join(person).display().to_string();
        process::shown(&mut printed(&[
            "simulate-attacks",
            &picture(photo),
            "--output",
            &folder,
            "--force",
        ])?)?;
    }
    let sequence = |attack: &str| {
        let (person, attack_type) = attack.split_once('/').unwrap_or_default();
        attacks.join(person).join("sequences").join(attack_type).join("1").display().to_string()
    };
    let saved = attacks.join("seen").display().to_string();
    let [print, swap, cut_out] = ["Barack/print", "Barack/swap", "Joe/cut-out"].map(sequence);
    door.refused(&["show", "--sequence", &print, &swap, &cut_out, "--save", &saved, "--force"])?;

    heading("a video of Joe on a screen: the liveness checks do not stop each of these (docs/liveness.md)");
    door.either(&["show", "--sequence", &sequence("Joe/replay"), "--save", &saved, "--force"])?;

    heading("a power cut");
    door.postern(&["board", "down"])?;
    door.postern(&["board", "up"])?;
    door.postern(&["users"])?;
    door.postern(&["identify", &picture(VISITORS[0])])?;

    heading("what the door says that happened, and that none of it was changed or taken out");
    door.postern(&["log"])?;
    door.postern(&["log", "verify"])?;
    door.postern(&["board", "down"])?;

    heading("what the door saw, on one sheet");
    let sheet = door.state.join("sheet.png");
    contact_sheet(&[drawn, attacks.join("seen")])?.save_png(&sheet)?;
    println!("{}", sheet.display());
    go_on(&door)?;
    if args.console {
        heading("the same in a browser: open the address on this computer; Ctrl-C ends the console");
        door.postern(&["board", "up"])?;
        door.postern(&["console", "--listen", "127.0.0.1:0"])?;
    }
    Ok(())
}

/// All frames in the folders, each with the decision and its reason, which `postern show --save` wrote below it.
fn contact_sheet(folders: &[PathBuf]) -> anyhow::Result<Photo> {
    let mut frames = Vec::new();
    for folder in folders {
        let entries = std::fs::read_dir(folder).with_context(|| folder.display().to_string())?;
        let mut here: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
        here.sort();
        frames.append(&mut here);
    }
    let tiles = frames.iter().map(|path| {
        let label = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        Ok(Tile { photo: Photo::open(path)?, label })
    });
    Ok(imaging::sheet(&tiles.collect::<anyhow::Result<Vec<_>>>()?, SIDE))
}

/// What to try next, with the door that the demo made.
fn go_on(door: &Door) -> anyhow::Result<()> {
    let root = workspace::root();
    let short = |path: &Path| path.strip_prefix(&root).unwrap_or(path).display().to_string();
    let program = short(&workspace::target()?.join("release/postern"));
    let options = format!("--board {} --state {}", door.name, short(&door.state));
    heading(
        "three commands to go on with this door: your own photograph before it, and the door in a browser",
    );
    for command in ["board up", "show PHOTO", "console"] {
        println!("{program} {command} {options}");
    }
    Ok(())
}

impl Door {
    /// Runs one command of the command line on this door's board, printed first.
    fn postern(&self, arguments: &[&str]) -> anyhow::Result<()> {
        process::shown(&mut self.command(arguments)?)
            .with_context(|| format!("postern {} did not succeed", arguments[0]))
    }

    /// Runs one command whose answer must be no, which is exit code 1.
    fn refused(&self, arguments: &[&str]) -> anyhow::Result<()> {
        let status = self.command(arguments)?.status().context("postern does not start")?;
        ensure!(status.code() == Some(1), "postern {} did not refuse: {status}", arguments[0]);
        Ok(())
    }

    /// Runs one command whose answer may be yes or no, exit code 0 or 1.
    fn either(&self, arguments: &[&str]) -> anyhow::Result<()> {
        let status = self.command(arguments)?.status().context("postern does not start")?;
        ensure!(matches!(status.code(), Some(0 | 1)), "postern {} failed: {status}", arguments[0]);
        Ok(())
    }

    fn command(&self, arguments: &[&str]) -> anyhow::Result<Command> {
        let mut command = printed(arguments)?;
        command.args(["--board", self.name]).arg("--state").arg(&self.state);
        Ok(command)
    }

    /// Starts over: whatever an earlier demo left is switched off and deleted.
    fn forget(&self) -> anyhow::Result<()> {
        let folder = self.state.join(self.name);
        if folder.exists() {
            self.postern(&["board", "down"])?;
            ensure!(folder.starts_with(workspace::cache("")), "{} is not in the cache", folder.display());
            std::fs::remove_dir_all(&folder)?;
        }
        Ok(())
    }
}

/// A command of the command line, printed.
fn printed(arguments: &[&str]) -> anyhow::Result<Command> {
    println!("$ postern {}", arguments.join(" "));
    images::postern(arguments)
}

fn picture(name: &str) -> String {
    Path::new(".cache/pictures").join(name).display().to_string()
}

fn heading(what: &str) {
    println!("\n== {what}");
}
