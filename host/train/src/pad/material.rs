//! The crops of a training, in groups that are drawn by weight.

use fastrand::Rng;

use super::class::Class;
use super::raster::Raster;
use super::{camera, medium};

/// Crops of one class.
pub struct Group {
    /// Its name, for people.
    pub name: &'static str,
    /// What they show.
    pub class: Class,
    /// How often one of them is drawn, relative to the other groups.
    pub weight: f32,
    /// The recordings, each of at least one stored crop; each recording is drawn as often as any other, however long.
    pub recordings: Vec<Vec<Vec<u8>>>,
}

impl Group {
    /// Number of crops.
    pub fn count(&self) -> usize {
        self.recordings.iter().map(Vec::len).sum()
    }
}

/// All crops of a training.
pub struct Material {
    groups: Vec<Group>,
    /// How often an attack is made of a living face, relative to the groups.
    simulated: f32,
}

impl Material {
    /// Of the groups that are not empty. `simulated` is the weight of attacks that are made of living faces. `None`
    /// if there are no living faces, or no attacks.
    pub fn new(groups: Vec<Group>, simulated: f32) -> Option<Self> {
        let mut groups = groups;
        for group in &mut groups {
            group.recordings.retain(|recording| !recording.is_empty());
        }
        groups.retain(|group| !group.recordings.is_empty() && group.weight > 0.0);
        let living = groups.iter().any(|group| group.class == Class::Live);
        let attacks = simulated > 0.0 || groups.iter().any(|group| group.class != Class::Live);
        (living && attacks).then_some(Self { groups, simulated })
    }

    /// The groups.
    pub fn groups(&self) -> &[Group] {
        &self.groups
    }

    /// An input of the network with its class; all of it follows from `random`.
    pub fn draw(&self, random: &mut Rng) -> (Vec<u8>, Class) {
        let groups: f32 = self.groups.iter().map(|group| group.weight).sum();
        if random.f32() * (groups + self.simulated) < self.simulated {
            let face = self.drawn(|group| group.class == Class::Live, random);
            let (attack, class) = medium::shown(&Raster::of(face.1), random);
            return (camera::seen(&attack, random), class);
        }
        let (class, crop) = self.drawn(|_| true, random);
        (camera::seen(&Raster::of(crop), random), class)
    }

    /// A crop of a group that is `wanted`.
    fn drawn(&self, wanted: impl Fn(&Group) -> bool, random: &mut Rng) -> (Class, &[u8]) {
        let groups = || self.groups.iter().filter(|group| wanted(group));
        let mut place = random.f32() * groups().map(|group| group.weight).sum::<f32>();
        let chosen = groups().find(|group| {
            place -= group.weight;
            place < 0.0
        });
        // Rounding may leave a rest; there is a group of each kind that is asked for.
        let group = chosen.or(groups().last()).unwrap_or(&self.groups[0]);
        let recording = &group.recordings[random.usize(..group.recordings.len())];
        (group.class, &recording[random.usize(..recording.len())])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pad::STORED_BYTES;

    fn group(name: &'static str, class: Class, weight: f32, lengths: &[usize]) -> Group {
        let recordings = lengths.iter().map(|&length| vec![vec![100; STORED_BYTES]; length]).collect();
        Group { name, class, weight, recordings }
    }

    #[test]
    fn groups_are_drawn_by_weight_and_empty_ones_are_none() {
        let groups = vec![
            group("live", Class::Live, 1.0, &[3, 0]),
            group("print", Class::Print, 2.0, &[1]),
            group("screen", Class::Screen, 9.0, &[]),
        ];
        let material = Material::new(groups, 1.0).unwrap();
        assert_eq!(material.groups().len(), 2);
        let mut counts = [0; 3];
        let random = &mut Rng::with_seed(1);
        (0..400).for_each(|_| counts[material.draw(random).1 as usize] += 1);
        // One in four alive, two in four prints, and of the fourth half prints and half screens.
        assert!((70..130).contains(&counts[0]) && (25..75).contains(&counts[2]), "{counts:?}");
    }

    #[test]
    fn there_must_be_both_living_faces_and_attacks() {
        assert!(Material::new(vec![group("live", Class::Live, 1.0, &[1])], 0.0).is_none());
        assert!(Material::new(vec![group("print", Class::Print, 1.0, &[1])], 1.0).is_none());
        assert!(Material::new(vec![group("live", Class::Live, 1.0, &[1])], 1.0).is_some());
    }
}
