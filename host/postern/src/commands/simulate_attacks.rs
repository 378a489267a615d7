//! `postern simulate-attacks`: a photograph as a living head, and as the attacks that can be made with it.

use std::path::{Path, PathBuf};

use anyhow::Context;
use imaging::{Photo, Tile, save_gif, sheet};
use recognizer::{DEFAULT_MIN_SCORE, Recognizer};
use synthetic_attacks::{AttackType, sequence};

use crate::answers::Sorted;
use crate::answers::models::Attack;
use crate::commands::eval::presentations::subject;
use crate::commands::eval::{liveness::images, samples::STEP_MS};
use crate::output::{Outcome, Output, note};
use crate::output_args::ForceArgs;
use models::Arena;

/// Options of `postern simulate-attacks`.
#[derive(clap::Args)]
pub struct Args {
    /// A photograph with a face
    photo: PathBuf,

    /// The folder to write to: ATTACK.png and ATTACK.gif each, a sheet of all, and the pictures one by
    /// one below sequences/, as `postern eval liveness --recorded` reads them
    #[arg(short, long, value_name = "DIR")]
    output: PathBuf,

    #[command(flatten)]
    force: ForceArgs,

    /// Pictures in a presentation, five a second
    #[arg(long, value_name = "N", default_value_t = 16, value_parser = clap::value_parser!(u16).range(1..=500))]
    pictures: u16,

    /// Seed of movement, paper, screen and room
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
}

/// Makes and writes all presentations.
pub fn run(args: &Args, output: &Output) -> anyhow::Result<Outcome> {
    args.check()?;
    let photo = Photo::open(&args.photo)?;
    let (detector, encoder) = images(models::ENCODER)?;
    let recognizer = Recognizer::new(detector.model()?, encoder.model()?, DEFAULT_MIN_SCORE)?;
    let subject = subject(&recognizer, &photo, &mut Arena::new(recognizer.arena_len()))
        .with_context(|| format!("{} shows no face that is good enough", args.photo.display()))?;
    let mut tiles = Vec::new();
    for attack_type in AttackType::ALL {
        let pictures = sequence(&subject, attack_type, args.seed, args.pictures.into());
        let folder = args.output.join("sequences").join(attack_type.name()).join(args.seed.to_string());
        create(&folder)?;
        clear(&folder)?;
        for (number, picture) in pictures.iter().enumerate() {
            picture.save_png(folder.join(format!("{number:03}.png")))?;
        }
        let middle = pictures[pictures.len() / 2].clone();
        let path = args.output.join(format!("{}.png", attack_type.name()));
        middle.save_png(&path)?;
        save_gif(path.with_extension("gif"), &pictures, STEP_MS as u32)?;
        let report = Attack { attack_type: attack_type.name(), picture: path.clone(), sequence: folder };
        output
            .print(&Sorted(report), |out| writeln!(out, "{:<10} {}", attack_type.name(), path.display()))?;
        let label = attack_type.name().to_owned();
        tiles.extend([pictures[0].clone(), middle].map(|photo| Tile { photo, label: label.clone() }));
    }
    let path = args.output.join("sheet.png");
    sheet(&tiles, 320).save_png(&path)?;
    note!("drew {}", path.display());
    Ok(Outcome::Done)
}

impl Args {
    /// Fails if a file that would be written is the photograph, or is there already.
    fn check(&self) -> anyhow::Result<()> {
        let of_attack = |attack_type: AttackType| {
            let name = attack_type.name();
            let sequence = self.output.join("sequences").join(name).join(self.seed.to_string());
            [
                self.output.join(format!("{name}.png")),
                self.output.join(format!("{name}.gif")),
                sequence.join("000.png"),
            ]
        };
        let files = AttackType::ALL.into_iter().flat_map(of_attack).chain([self.output.join("sheet.png")]);
        for file in files {
            self.force.check(file, [&self.photo])?;
        }
        Ok(())
    }
}

/// Removes the pictures of an earlier, perhaps longer, presentation.
fn clear(folder: &Path) -> anyhow::Result<()> {
    for number in 0.. {
        let picture = folder.join(format!("{number:03}.png"));
        if !picture.is_file() {
            break;
        }
        std::fs::remove_file(&picture).with_context(|| format!("cannot replace {}", picture.display()))?;
    }
    Ok(())
}

fn create(folder: &Path) -> anyhow::Result<()> {
    std::fs::create_dir_all(folder).with_context(|| format!("cannot make the folder {}", folder.display()))
}
