//! Weights in files beside the network, as exporters write them for large networks.

use std::path::{Component, Path, PathBuf};

use prost::Message;

use crate::proto::{self, Tensor};
use crate::{Error, Model};

impl Model {
    /// The files beside the network in the file `path` in which it has weights; none if it is no network.
    pub fn files_beside(path: &Path) -> Vec<PathBuf> {
        let read = std::fs::read(path).ok().and_then(|bytes| proto::Model::decode(&bytes[..]).ok());
        let Some(graph) = read.and_then(|model| model.graph) else { return Vec::new() };
        let in_nodes = graph.node.iter().flat_map(|node| &node.attribute);
        let tensors = graph.initializer.iter().chain(in_nodes.filter_map(|attribute| attribute.t.as_ref()));
        let entries = tensors.flat_map(|tensor| &tensor.external_data);
        let folder = path.parent().unwrap_or(Path::new("."));
        entries.filter(|entry| entry.key == "location").map(|entry| folder.join(&entry.value)).collect()
    }

    /// The bytes of the network in the file `path`, with the weights in them that lie in files beside it.
    ///
    /// A network without such weights gives its bytes as they are.
    ///
    /// # Errors
    /// A file cannot be read, or is no network; the weights are outside of its folder, or not there.
    pub fn read_file(path: &Path) -> Result<Vec<u8>, Error> {
        let read =
            |path: &Path| std::fs::read(path).map_err(|source| Error::File { path: path.to_owned(), source });
        let bytes = read(path)?;
        let mut model = proto::Model::decode(&bytes[..])?;
        let Some(graph) = &mut model.graph else { return Err(Error::NoGraph) };
        let in_nodes = graph.node.iter_mut().flat_map(|node| &mut node.attribute);
        let in_nodes = in_nodes.filter_map(|attribute| attribute.t.as_mut());
        let outside = |tensor: &&mut Tensor| tensor.data_location != 0;
        let tensors: Vec<&mut Tensor> =
            graph.initializer.iter_mut().chain(in_nodes).filter(outside).collect();
        if tensors.is_empty() {
            return Ok(bytes);
        }
        let folder = path.parent().unwrap_or(Path::new("."));
        let mut files: std::collections::HashMap<String, Vec<u8>> = std::collections::HashMap::new();
        for tensor in tensors {
            let name = tensor.name.clone();
            let refuse = |reason: String| Error::Constant { name: name.clone(), reason };
            let entry = |key: &str| {
                tensor.external_data.iter().find(|entry| entry.key == key).map(|entry| entry.value.as_str())
            };
            let location = entry("location").ok_or_else(|| refuse("it does not say its file".into()))?;
            let plain = |part| matches!(part, Component::Normal(_) | Component::CurDir);
            if !Path::new(location).components().all(plain) {
                return Err(refuse(format!("its file {location:?} is not in the folder of the network")));
            }
            if !files.contains_key(location) {
                files.insert(location.to_owned(), read(&folder.join(location))?);
            }
            let number = |key: &str| match entry(key) {
                None => Ok(None),
                Some(text) => {
                    text.parse::<usize>().map(Some).map_err(|_| refuse(format!("its {key} is {text:?}")))
                }
            };
            let (offset, length) = (number("offset")?.unwrap_or(0), number("length")?);
            let part = files[location].get(offset..).and_then(|rest| match length {
                Some(length) => rest.get(..length),
                None => Some(rest),
            });
            let part = part.ok_or_else(|| refuse(format!("the file {location:?} ends before its values")))?;
            tensor.raw_data = part.to_vec();
            tensor.data_location = 0;
            tensor.external_data.clear();
        }
        Ok(model.encode_to_vec())
    }
}
