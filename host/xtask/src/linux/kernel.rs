//! Debian's kernel for 64-bit Arm, taken apart: the image to boot, and the modules that the machines need, sorted. So no
//! depmod and no kmod is needed, here or there.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context;
use object::{Object, ObjectSection};

use crate::packages::{self, Pinned};
use crate::{process, workspace};

/// The kernel of Debian 12.
const KERNEL: Pinned = Pinned {
    package: "linux-image-6.1.0-50-arm64",
    version: "6.1.176-1",
    architecture: "arm64",
    sha256: "914f75b57a8e165d85fb910c3e2dcc7000a05a9fea3f42f90b26e8dd590d5f06",
};

/// What the door and its surroundings need: its camera (vivid, with an HDMI input and an HDMI output), and the adapter with
/// GPIO lines.
const SURROUNDINGS: [(&str, &str); 3] = [
    ("uhid", ""),
    ("hid_cp2112", ""),
    ("vivid", "n_devs=1 node_types=0x101 num_inputs=1 input_types=3 num_outputs=1 output_types=1"),
];

/// What QEMU's `virt` has: network, disk, random numbers, a keypad on USB.
pub const VIRT: [&str; 10] = [
    "virtio_pci",
    "virtio_net",
    "virtio_blk",
    "virtio_rng",
    "ext4",
    "crc32c_generic",
    "evdev",
    "xhci_pci",
    "usbhid",
    "hid_generic",
];

/// What a Raspberry Pi 3B has: USB, and a network adapter on it.
pub const RASPBERRY_PI: [&str; 4] = ["phy_generic", "dwc2", "cdc_ether", "rndis_host"];

/// A kernel, taken apart.
pub struct Kernel {
    /// The image that the emulator boots.
    pub image: PathBuf,
    /// The description of a Raspberry Pi 3B.
    pub raspberry_pi: PathBuf,
    /// The folder with its modules.
    tree: PathBuf,
}

/// A module: its name, how it is loaded, its file.
pub struct Module {
    /// As the kernel says it.
    pub name: String,
    /// Its parameters.
    pub parameters: &'static str,
    /// Where it lies.
    pub file: PathBuf,
}

/// The kernel: from the cache, or fetched.
///
/// # Errors
/// As [`packages::fetch`]; there is no `dpkg-deb`.
pub fn get() -> anyhow::Result<Kernel> {
    let folder = workspace::cache("linux").join(KERNEL.version);
    if !folder.is_dir() {
        let package = packages::fetch(&[KERNEL])?;
        let room = workspace::cache("linux/unpacking");
        if room.exists() {
            fs::remove_dir_all(&room).with_context(|| room.display().to_string())?;
        }
        let mut unpack = Command::new("dpkg-deb");
        unpack.arg("--extract").args(&package).arg(&room);
        process::quiet("unpacking the kernel", &mut unpack, None)
            .context("dpkg-deb, of Debian's package dpkg, unpacks the kernel")?;
        fs::rename(&room, &folder).with_context(|| folder.display().to_string())?;
    }
    let release = KERNEL.package.trim_start_matches("linux-image-");
    Ok(Kernel {
        image: folder.join(format!("boot/vmlinuz-{release}")),
        raspberry_pi: folder.join(format!("usr/lib/{}/broadcom/bcm2837-rpi-3-b.dtb", KERNEL.package)),
        tree: folder.join("lib/modules").join(release),
    })
}

impl Kernel {
    /// The modules of a machine and of its surroundings, each after those that it needs.
    ///
    /// # Errors
    /// The kernel has not all of them.
    pub fn modules(&self, machine: &[&str]) -> anyhow::Result<Vec<Module>> {
        let mut files = BTreeMap::new();
        find(&self.tree.join("kernel"), &mut files)?;
        let list = self.tree.join("modules.builtin");
        let inside = fs::read_to_string(&list).with_context(|| list.display().to_string())?;
        let inside = inside.lines().filter_map(|line| name(Path::new(line))).collect();
        let mut order = Order { files, inside, modules: Vec::new() };
        machine.iter().try_for_each(|module| order.add(module, ""))?;
        SURROUNDINGS.iter().try_for_each(|(module, parameters)| order.add(module, parameters))?;
        Ok(order.modules)
    }
}

/// Modules in the order in which they are loaded.
struct Order {
    /// Those that there are.
    files: BTreeMap<String, PathBuf>,
    /// Those that are a part of the kernel.
    inside: BTreeSet<String>,
    modules: Vec<Module>,
}

impl Order {
    /// Adds a module after what it needs, unless it is there.
    fn add(&mut self, module: &str, parameters: &'static str) -> anyhow::Result<()> {
        if self.inside.contains(module) || self.modules.iter().any(|added| added.name == module) {
            return Ok(());
        }
        let file =
            self.files.get(module).with_context(|| format!("the kernel has no module {module}"))?.clone();
        let bytes = fs::read(&file).with_context(|| file.display().to_string())?;
        for needed in needs(&bytes).with_context(|| file.display().to_string())? {
            // What a module would rather have before it need not be there.
            if self.files.contains_key(&needed) || self.inside.contains(&needed) {
                self.add(&needed, "")?;
            }
        }
        self.modules.push(Module { name: module.to_owned(), parameters, file });
        Ok(())
    }
}

/// The modules that a module names in its `.modinfo`.
fn needs(module: &[u8]) -> anyhow::Result<Vec<String>> {
    let elf = object::File::parse(module)?;
    let section = elf.section_by_name(".modinfo").context("it has no .modinfo")?;
    Ok(needs_of(section.data()?))
}

/// As [`needs`], of the section: `KEY=VALUE`, each with a zero after it.
fn needs_of(modinfo: &[u8]) -> Vec<String> {
    let entries = modinfo.split(|byte| *byte == 0).filter_map(|entry| core::str::from_utf8(entry).ok());
    let named = entries.flat_map(|entry| {
        let hard = entry.strip_prefix("depends=").unwrap_or_default().split(',');
        let soft = entry.strip_prefix("softdep=pre: ").unwrap_or_default().split(' ');
        hard.chain(soft)
    });
    named.filter(|name| !name.is_empty()).map(|name| name.replace('-', "_")).collect()
}

/// All modules below a folder, by their names.
fn find(folder: &Path, files: &mut BTreeMap<String, PathBuf>) -> anyhow::Result<()> {
    for entry in fs::read_dir(folder).with_context(|| folder.display().to_string())? {
        let path = entry?.path();
        if path.is_dir() {
            find(&path, files)?;
        } else if let Some(name) = name(&path) {
            files.insert(name, path);
        }
    }
    Ok(())
}

/// The name of a module, as the kernel says it.
fn name(path: &Path) -> Option<String> {
    Some(path.file_name()?.to_str()?.strip_suffix(".ko")?.replace('-', "_"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_module_names_what_it_needs() {
        let modinfo = b"license=GPL\0depends=hid,i2c-core\0softdep=pre: crc32c\0\0name=x\0";
        assert_eq!(needs_of(modinfo), ["hid", "i2c_core", "crc32c"]);
        assert!(needs_of(b"depends=\0license=GPL").is_empty());
    }
}
