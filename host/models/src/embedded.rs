//! The manifests, and the images that are published with the source, inside this program.

/// An embedded model.
pub(crate) struct Model {
    pub(crate) name: &'static str,
    pub(crate) manifest: &'static str,
    /// The image of a network that was trained here.
    pub(crate) image: Option<&'static [u8]>,
}

/// The list of pictures that setup fetches.
pub(crate) const PICTURES: &str = include_str!("../../../models/pictures.toml");

macro_rules! manifest {
    ($name:literal) => {
        include_str!(concat!("../../../models/", $name, "/manifest.toml"))
    };
}

macro_rules! fetched {
    ($name:literal) => {
        Model { name: $name, manifest: manifest!($name), image: None }
    };
}

macro_rules! published {
    ($name:literal) => {
        Model {
            name: $name,
            manifest: manifest!($name),
            image: Some(include_bytes!(concat!("../../../models/", $name, "/", $name, ".pstn"))),
        }
    };
}

/// Every model, by name.
pub(crate) static MODELS: [Model; 10] = [
    published!("liveness"),
    fetched!("minifasnet"),
    fetched!("mobilefacenet"),
    published!("postern-128"),
    fetched!("sface"),
    published!("slim-60"),
    fetched!("style-predictor"),
    fetched!("style-transformer"),
    fetched!("vgg16"),
    fetched!("yunet"),
];

/// The embedded model of this name.
pub(crate) fn model(name: &str) -> Option<&'static Model> {
    MODELS.iter().find(|model| model.name == name)
}
