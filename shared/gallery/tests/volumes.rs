//! A gallery of many volumes: 3,000 and 10,000 people with two templates each, what that costs, and that no volume's
//! records count in another one.
//!
//! `cargo test --release --package postern-gallery --test volumes -- --nocapture` prints the figures.

mod nor;

use crypto::{Generator, Key};
use gallery::{Error, Gallery, MAX_PEOPLE, Memory, Name, Probe, Volume};
use nor::{Nor, face};
use template::{CosineScore, EncoderHash};

const ENCODER: EncoderHash = EncoderHash([7; 32]);
const THRESHOLD: CosineScore = CosineScore(26_000);
/// Sectors of the first volume, which has been on boards from the beginning, of a further one, and of one on Linux.
const FIRST: usize = 256;
const FURTHER: usize = 64;
const ON_LINUX: usize = 128;

fn name(person: u32) -> Name {
    Name::new(&format!("person {person}")).unwrap()
}

/// Flash of so many volumes; a further one has so many sectors.
fn chips(volumes: usize, further: usize) -> Vec<Nor> {
    (0..volumes).map(|number| Nor::new(if number == 0 { FIRST } else { further })).collect()
}

/// Opens the gallery in these chips, and does something with it.
fn with<const VOLUMES: usize, const ROWS: usize, T>(
    chips: &mut [Nor],
    memory: &mut Memory<VOLUMES, ROWS>,
    act: impl FnOnce(Result<Gallery<'_, &mut Nor>, Error>) -> T,
) -> T {
    let random = Generator::new(&Key::new([9; 32]), b"gallery");
    let (first, further) = chips.split_first_mut().unwrap();
    let mut further: Vec<_> = further.iter_mut().map(|nor| Volume::new(nor).unwrap()).collect();
    act(Gallery::open(first, &mut further, memory.all(), Key::new([7; 32]), random))
}

fn enrol(gallery: &mut Gallery<'_, &mut Nor>, person: u32, number: u32) {
    for face in [face(2 * number, 128), face(2 * number + 1, 128)] {
        let probe = Probe { template: &face, encoder: ENCODER };
        match gallery.find(name(person).as_str()) {
            None => drop(gallery.enrol(&name(person), probe, THRESHOLD).unwrap()),
            Some(_) => drop(gallery.add_template(name(person).as_str(), probe, THRESHOLD).unwrap()),
        }
    }
}

/// Who is found by a face.
fn found(gallery: &Gallery<'_, &mut Nor>, number: u32) -> Option<String> {
    let probe = Probe { template: &face(number, 128), encoder: ENCODER };
    let best = gallery.identify(probe).unwrap()?;
    (best.similarity >= THRESHOLD).then(|| best.person.name().to_string())
}

/// Bytes programmed, sectors erased and bytes read so far.
fn done(gallery: &mut Gallery<'_, &mut Nor>) -> [usize; 3] {
    gallery.volumes().fold([0; 3], |[programmed, erased, read], volume| {
        let nor = volume.flash();
        [programmed + nor.programmed, erased + nor.erased, read + nor.read]
    })
}

/// What a kind of change costs: the change in the middle and the dearest, by erases and then by bytes.
fn costs(
    gallery: &mut Gallery<'_, &mut Nor>,
    people: impl Iterator<Item = u32>,
    change: impl Fn(&mut Gallery<'_, &mut Nor>, u32),
) -> [[usize; 2]; 2] {
    let mut costs = Vec::new();
    for person in people {
        let [programmed, erased, _] = done(gallery);
        change(gallery, person);
        let after = done(gallery);
        costs.push([after[1] - erased, after[0] - programmed]);
    }
    costs.sort();
    [costs[costs.len() / 2], *costs.last().unwrap()].map(|[erased, programmed]| [programmed, erased])
}

/// Fills a gallery, exchanges people of all volumes, and boots it again.
fn a_gallery_of<const VOLUMES: usize, const ROWS: usize>(people: u32, further: usize) {
    let (mut chips, mut memory) = (chips(VOLUMES, further), Box::new(Memory::<VOLUMES, ROWS>::new()));
    let (all, map) = (size_of::<Memory<VOLUMES, ROWS>>(), VOLUMES * size_of::<Volume<&mut Nor>>());
    println!("{people} people: {all} bytes of RAM, {} of them values, and {map} for the volumes", 512 * ROWS);
    let step = people as usize / 500;
    with(&mut chips, &mut memory, |gallery| {
        let mut gallery = gallery.unwrap();
        let enrolments = costs(&mut gallery, 0..people, |gallery, person| enrol(gallery, person, person));
        println!(
            "{people} people: an enrolment programs bytes and erases sectors, middle and dearest: {enrolments:?}"
        );
        assert_eq!((gallery.people().count(), gallery.templates()), (people as usize, 2 * people as usize));
        assert!(enrolments[0][0] < 700 && enrolments[0][1] == 0, "{enrolments:?}");
        let removals = costs(&mut gallery, (0..people).step_by(step), |gallery, person| {
            gallery.remove(name(person).as_str()).unwrap();
        });
        println!("{people} people: a removal: {removals:?}");
        assert!(removals[0][0] < 300 && removals[0][1] == 0, "{removals:?}");
        assert!(removals[1][1] <= 1, "{removals:?}");
        for person in (0..people).step_by(step) {
            assert_eq!(found(&gallery, 2 * person), None, "{person} is gone");
            enrol(&mut gallery, person, people + person);
        }
    });
    let before: usize = chips.iter().map(|nor| nor.read).sum();
    let bytes: usize = chips.iter().map(|nor| nor.bytes.len()).sum();
    with(&mut chips, &mut memory, |gallery| {
        let mut gallery = gallery.unwrap();
        let read = done(&mut gallery)[2] - before;
        println!("{people} people: a boot reads {read} of {bytes} bytes of flash");
        assert!(read < 2 * bytes, "{read}");
        assert_eq!((gallery.people().count(), gallery.templates()), (people as usize, 2 * people as usize));
        for person in (0..people).step_by(step / 2) {
            let faces = if (person as usize).is_multiple_of(step) { people + person } else { person };
            for number in [2 * faces, 2 * faces + 1] {
                assert_eq!(found(&gallery, number), Some(name(person).to_string()));
            }
        }
    });
}

#[test]
fn twelve_volumes_hold_3000_people_with_two_templates() {
    // As many values as 6,144 templates of 128 have: 768 KiB.
    a_gallery_of::<12, 1536>(3_000, FURTHER);
}

#[test]
fn forty_volumes_hold_10000_people_with_two_templates() {
    a_gallery_of::<40, 5120>(10_000, ON_LINUX);
}

/// An encoder of 512 values has room for fewer templates. All of that room can be used: while flash is read, the old record of a
/// template that was removed takes a row, and the gallery opens all the same.
#[test]
fn a_gallery_whose_rows_are_all_taken_says_so_and_opens_again() {
    let (mut chips, mut memory) = (chips(2, FURTHER), Box::new(Memory::<2, 300>::new()));
    let enrol = |gallery: &mut Gallery<'_, &mut Nor>, person: u32| {
        let face = face(person, 512);
        gallery.enrol(&name(person), Probe { template: &face, encoder: ENCODER }, THRESHOLD).map(drop)
    };
    let add = |gallery: &mut Gallery<'_, &mut Nor>, person: u32, number: u32| {
        let face = face(number, 512);
        let probe = Probe { template: &face, encoder: ENCODER };
        gallery.add_template(name(person).as_str(), probe, THRESHOLD).map(drop)
    };
    let full = Error::NoRow { needed: 512, free: 0 };
    with(&mut chips, &mut memory, |gallery| {
        let mut gallery = gallery.unwrap();
        (0..290).for_each(|person| enrol(&mut gallery, person).unwrap());
        (0..4).for_each(|number| add(&mut gallery, 280, 1_000 + number).unwrap());
        (290..296).for_each(|person| enrol(&mut gallery, person).unwrap());
        // Three go in the further volume, whose old records lie before those of others, and three come in the first one.
        (0..3).for_each(|_| drop(gallery.remove_template(name(280).as_str(), 1).unwrap()));
        (0..3).for_each(|number| add(&mut gallery, 3, 2_000 + number).unwrap());
        assert_eq!(gallery.templates(), 300);
        assert_eq!(enrol(&mut gallery, 500), Err(full.clone()));
        assert_eq!(add(&mut gallery, 7, 501), Err(full.clone()));
    });
    with(&mut chips, &mut memory, |gallery| {
        let mut gallery = gallery.unwrap();
        assert_eq!((gallery.people().count(), gallery.templates()), (296, 300));
        let faces = (0..296).map(|person| (person, person)).chain([(3, 2_002), (280, 1_003)]);
        for (person, number) in faces {
            let face = face(number, 512);
            let best = gallery.identify(Probe { template: &face, encoder: ENCODER }).unwrap().unwrap();
            assert_eq!(best.person.name(), &name(person), "{number}");
            assert!(best.similarity > CosineScore(32_000), "{number}");
        }
        assert_eq!(enrol(&mut gallery, 500), Err(full.clone()));
        gallery.remove(name(290).as_str()).unwrap();
        enrol(&mut gallery, 500).unwrap();
    });
    // Memory for fewer templates than there are does not open it.
    let opened = with(&mut chips, &mut Box::new(Memory::<2, 299>::new()), |gallery| gallery.map(drop));
    assert_eq!(opened, Err(Error::Full));
}

/// What a board of one volume has enrolled is there when it gets further ones, and the other way round.
#[test]
fn a_gallery_of_one_volume_goes_on_when_there_are_more() {
    let (mut chips, mut small) = (chips(3, FURTHER), Box::new(Memory::<1>::new()));
    let people = MAX_PEOPLE as u32;
    with(&mut chips[..1], &mut small, |gallery| {
        let mut gallery = gallery.unwrap();
        (0..people).for_each(|person| enrol(&mut gallery, person, person));
        let one_more = face(2 * people, 128);
        let probe = Probe { template: &one_more, encoder: ENCODER };
        assert_eq!(gallery.enrol(&name(people), probe, THRESHOLD), Err(Error::Full));
    });
    let before = chips[0].bytes.clone();
    let mut memory = Box::new(Memory::<3>::new());
    with(&mut chips, &mut memory, |gallery| {
        let mut gallery = gallery.unwrap();
        assert_eq!(gallery.people().count(), MAX_PEOPLE);
        enrol(&mut gallery, people, people);
        assert_eq!(gallery.find(name(people).as_str()).unwrap().id(), people + 1, "ids go on");
        for person in [0, 7, people - 1, people] {
            assert_eq!(found(&gallery, 2 * person), Some(name(person).to_string()));
        }
    });
    assert!(chips[0].bytes == before, "the first volume is as it was");
    // Firmware of one volume gives the next number again. Who had it in a further volume is removed.
    with(&mut chips[..1], &mut small, |gallery| {
        let mut gallery = gallery.unwrap();
        gallery.remove(name(3).as_str()).unwrap();
        enrol(&mut gallery, 9_000, 9_000);
        assert_eq!(gallery.find("person 9000").unwrap().id(), people + 1);
    });
    with(&mut chips, &mut memory, |gallery| {
        let gallery = gallery.unwrap();
        let with_id = gallery.people().filter(|person| person.id() == people + 1);
        assert_eq!(with_id.map(|person| person.name().to_string()).collect::<Vec<_>>(), ["person 9000"]);
        assert_eq!(found(&gallery, 2 * people), None);
        assert_eq!(gallery.people().count(), MAX_PEOPLE);
    });
}

/// What is not in flash any more is told by whoever keeps it elsewhere.
#[test]
fn volumes_with_people_are_told_and_nobody_comes_into_one_that_is_kept_out_of() {
    let (mut chips, mut memory) = (chips(3, FURTHER), Box::new(Memory::<3>::new()));
    let mut noted = Vec::new();
    with(&mut chips, &mut memory, |gallery| {
        let mut gallery = gallery.unwrap();
        assert_eq!((gallery.used_volumes(), gallery.last_id()), (0, 0));
        enrol(&mut gallery, 0, 0);
        assert_eq!((gallery.used_volumes(), gallery.last_id()), (1, 1));
        gallery.keep_out_of(1);
        enrol(&mut gallery, 1, 1);
        gallery.keep_out_of(0b101);
        gallery.remove(name(1).as_str()).unwrap();
        assert_eq!(gallery.used_volumes(), 0b11, "who was removed was there");
        gallery.keep_out_of(u64::MAX);
        let face = face(100, 128);
        let probe = Probe { template: &face, encoder: ENCODER };
        assert_eq!(gallery.enrol(&name(2), probe, THRESHOLD), Err(Error::Tampered));
        gallery.keep_out_of(0);
        // Nobody is enrolled whose ID cannot be kept. The ID is that of the next one.
        let failed = gallery.enrol_noted(&name(2), probe, THRESHOLD, &mut |_| Err(Error::Flash));
        assert_eq!((failed, gallery.people().count()), (Err(Error::Flash), 1));
        let mut note = |id| {
            noted.push(id);
            Ok(())
        };
        assert_eq!(gallery.enrol_noted(&name(2), probe, THRESHOLD, &mut note), Ok(3));
        assert!(gallery.enrol_noted(&name(2), probe, THRESHOLD, &mut note).is_err(), "there is one");
    });
    assert_eq!(noted, [3], "what is refused takes no ID");
    with(&mut chips, &mut memory, |gallery| {
        let gallery = gallery.unwrap();
        assert_eq!((gallery.used_volumes(), gallery.last_id()), (0b11, 3));
    });
}

/// Whoever writes one volume over another one gets no second person of it.
#[test]
fn a_volume_that_is_copied_over_another_one_is_refused() {
    let (mut chips, mut memory) = (chips(3, FURTHER), Box::new(Memory::<3>::new()));
    with(&mut chips, &mut memory, |gallery| {
        let mut gallery = gallery.unwrap();
        (0..300).for_each(|person| enrol(&mut gallery, person, person));
    });
    for from in [0, 1] {
        let mut copied = chips.clone();
        let bytes = chips[from].bytes.iter().take(chips[2].bytes.len());
        copied[2].bytes = bytes.copied().collect();
        let opened =
            with(&mut copied, &mut memory, |gallery| gallery.map(|gallery| gallery.people().count()));
        assert_eq!(opened, Err(Error::Tampered), "volume {from}");
    }
    // Memory for fewer volumes than there are is refused, too.
    let refused = with(&mut chips, &mut Box::new(Memory::<2>::new()), |gallery| gallery.map(|_| ()));
    assert_eq!(refused, Err(Error::Partition));
}

#[test]
fn a_power_cut_in_a_full_gallery_leaves_the_old_state_or_the_new_one() {
    power_cuts_among::<12, 1536>(3_000, FURTHER, 5);
}

/// One step in 25: a boot with 10,000 people takes its time.
#[test]
fn a_power_cut_among_10000_people_leaves_the_old_state_or_the_new_one() {
    power_cuts_among::<40, 5120>(10_000, ON_LINUX, 25);
}

/// The power goes at steps of changes in the first, a middle and the last volume of a full gallery: at one step in so many.
fn power_cuts_among<const VOLUMES: usize, const ROWS: usize>(people: u32, further: usize, every: usize) {
    let (mut whole, mut memory) = (chips(VOLUMES, further), Box::new(Memory::<VOLUMES, ROWS>::new()));
    with(&mut whole, &mut memory, |gallery| {
        let mut gallery = gallery.unwrap();
        (0..people).for_each(|person| enrol(&mut gallery, person, person));
    });
    // In the first, a middle and the last volume: somebody goes, and somebody else comes into their place.
    let mut seen = [0; 3];
    for person in [5, people / 2, people - 1] {
        let volume = person as usize / MAX_PEOPLE;
        let mut uncut = whole.clone();
        let exchange = |gallery: &mut Gallery<'_, &mut Nor>| -> Result<(), Error> {
            gallery.remove(name(person).as_str())?;
            let face = face(2 * (people + person), 128);
            gallery.enrol(&name(people), Probe { template: &face, encoder: ENCODER }, THRESHOLD).map(drop)
        };
        let before = uncut[volume].steps;
        with(&mut uncut, &mut memory, |gallery| exchange(&mut gallery.unwrap())).unwrap();
        let steps = uncut[volume].steps - before;
        for step in (1..steps).step_by(every).chain([steps, steps + 1]) {
            let mut cut = whole.clone();
            cut[volume].cut_after(step);
            let acknowledged = with(&mut cut, &mut memory, |gallery| exchange(&mut gallery.unwrap()));
            cut[volume].restore_power();
            with(&mut cut, &mut memory, |gallery| {
                let gallery = gallery.unwrap();
                let (old, new) = (gallery.find(name(person).as_str()), gallery.find(name(people).as_str()));
                let state = match (old, new) {
                    (Some(_), None) => 0,
                    (None, None) => 1,
                    (None, Some(_)) => 2,
                    (Some(_), Some(_)) => panic!("{person}, cut after {step}: both are there"),
                };
                seen[state] += 1;
                assert!(acknowledged.is_err() || state == 2, "{person}, cut after {step}");
                assert_eq!(gallery.people().count(), people as usize - usize::from(state == 1));
                assert_eq!(found(&gallery, 2 * person + 1).is_some(), state == 0);
                assert_eq!(found(&gallery, 2 * (people + person)).is_some(), state == 2);
                assert_eq!(
                    found(&gallery, 2 * ((person + 700) % people)),
                    Some(name((person + 700) % people).to_string())
                );
            });
        }
    }
    println!("power cuts among {people} people: {seen:?} left who was there, nobody, who came");
    assert!(seen.iter().all(|count| *count >= 3), "{seen:?}");
}
