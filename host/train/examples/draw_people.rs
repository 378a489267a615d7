//! Writes a folder of people that are drawn by a formula: `FOLDER/person-07/3.png`.
//!
//! For trying out a training where there are no photographs: `postern train FOLDER --aligned`.

use std::path::PathBuf;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let usage = "usage: draw_people FOLDER [PEOPLE] [PICTURES]";
    let folder = PathBuf::from(arguments.next().ok_or(usage)?);
    let people: u64 = arguments.next().map_or(Ok(60), |text| text.parse())?;
    let pictures: u64 = arguments.next().map_or(Ok(10), |text| text.parse())?;
    let side = train::SIDE as u32;
    for person in 0..people {
        let own = folder.join(format!("person-{person:03}"));
        std::fs::create_dir_all(&own)?;
        for picture in 0..pictures {
            let face = image::RgbImage::from_raw(side, side, train::drawn::face(person, picture));
            face.ok_or("a face has too few pixels")?.save(own.join(format!("{picture}.png")))?;
        }
    }
    Ok(())
}
