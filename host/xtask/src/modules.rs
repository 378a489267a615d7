//! The modules of a crate and the paths in them, read with `syn`.
//!
//! A path counts if it leads to another file of the crate: from `crate::`, `super::`, `self::`, a child module or a name
//! that the module imports. Re-exports are followed to the file that defines the name. What does not count: `mod` items,
//! re-exports themselves, paths from a module to its own parts, and everything under `#[cfg(test)]`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use anyhow::Context;
use proc_macro2::{TokenStream, TokenTree};
use syn::visit::Visit;
use syn::{Attribute, Item, ItemUse, UseTree, Visibility};

/// How many re-exports are followed for one name.
const MOST_HOPS: usize = 16;

/// A path, segment by segment.
type Segments = Vec<String>;

/// The modules of one crate; the first is its root.
#[derive(Default)]
pub struct Crate {
    modules: Vec<Module>,
}

/// A module: a file, or a part of one.
#[derive(Default)]
struct Module {
    file: PathBuf,
    parent: Option<usize>,
    children: BTreeMap<String, usize>,
    /// Names that `use` items bring in, and what they stand for.
    imports: BTreeMap<String, Segments>,
    /// Modules whose names are brought in by `*`.
    globs: Vec<Segments>,
    /// Names that the module defines.
    defined: BTreeSet<String>,
    /// Paths that the module uses.
    used: Vec<Segments>,
}

impl Crate {
    /// Reads a crate from its root file.
    ///
    /// # Errors
    /// A file cannot be read or is not Rust.
    pub fn read(root: &Path) -> anyhow::Result<Self> {
        let mut modules = Self::default();
        let folder = root.parent().unwrap_or(root);
        modules.read_file(root, folder, None)?;
        Ok(modules)
    }

    /// The files that each file uses.
    pub fn arrows(&self) -> BTreeMap<&Path, BTreeSet<&Path>> {
        let mut arrows = BTreeMap::<&Path, BTreeSet<&Path>>::new();
        for (at, module) in self.modules.iter().enumerate() {
            let to = arrows.entry(module.file.as_path()).or_default();
            let found = module.used.iter().filter_map(|path| self.resolve(at, path, MOST_HOPS));
            let found = found.filter(|found| !self.is_part(*found, at));
            to.extend(
                found.map(|found| self.modules[found].file.as_path()).filter(|file| *file != module.file),
            );
        }
        arrows
    }

    /// Whether a module lies inside another one.
    fn is_part(&self, inner: usize, outer: usize) -> bool {
        let parent = |module: &usize| self.modules[*module].parent;
        std::iter::successors(parent(&inner), parent).any(|module| module == outer)
    }

    /// Reads a file as a module whose children lie in `folder`; its number.
    fn read_file(&mut self, file: &Path, folder: &Path, parent: Option<usize>) -> anyhow::Result<usize> {
        let text = std::fs::read_to_string(file).with_context(|| file.display().to_string())?;
        let parsed = syn::parse_file(&text).with_context(|| file.display().to_string())?;
        self.read_module(file, folder, parent, &parsed.items)
    }

    fn read_module(
        &mut self,
        file: &Path,
        folder: &Path,
        parent: Option<usize>,
        items: &[Item],
    ) -> anyhow::Result<usize> {
        let at = self.modules.len();
        self.modules.push(Module { file: file.to_owned(), parent, ..Module::default() });
        for item in items {
            match item {
                Item::Mod(module) if !is_test(&module.attrs) => {
                    let name = module.ident.to_string();
                    let below = folder.join(&name);
                    let child = match &module.content {
                        Some((_, items)) => self.read_module(file, &below, Some(at), items)?,
                        None => {
                            let beside = below.with_extension("rs");
                            let found = if beside.is_file() { beside } else { below.join("mod.rs") };
                            let named = path_attribute(&module.attrs);
                            let named = named.map(|named| file.with_file_name(named));
                            self.read_file(&named.unwrap_or(found), &below, Some(at))?
                        }
                    };
                    self.modules[at].children.insert(name, child);
                }
                Item::Mod(_) => {}
                Item::Use(item) if !is_test(&item.attrs) => self.modules[at].import(item),
                other => {
                    let module = &mut self.modules[at];
                    module.defined.extend(defined(other));
                    module.visit_item(other);
                }
            }
        }
        Ok(at)
    }

    /// The module in which the end of a path is defined.
    fn resolve(&self, from: usize, path: &[String], hops: usize) -> Option<usize> {
        let (first, mut rest) = path.split_first()?;
        let mut at = match first.as_str() {
            "crate" => 0,
            "self" => from,
            "super" => self.modules[from].parent?,
            name => self.lookup(from, name, hops)?,
        };
        while let Some((name, after)) = rest.split_first() {
            at = match name.as_str() {
                "super" => self.modules[at].parent?,
                name => match self.lookup(at, name, hops) {
                    Some(next) => next,
                    None => return Some(at),
                },
            };
            rest = after;
        }
        Some(at)
    }

    /// What a name stands for in a module: a child, or the module that an import of the name leads to. None for what
    /// the module defines itself, and for what comes from another crate.
    fn lookup(&self, at: usize, name: &str, hops: usize) -> Option<usize> {
        let module = &self.modules[at];
        let hops = hops.checked_sub(1)?;
        if let Some(child) = module.children.get(name) {
            return Some(*child);
        }
        if module.defined.contains(name) {
            return None;
        }
        if let Some(path) = module.imports.get(name) {
            // A path that leads nowhere inside the crate begins with another crate.
            return self.resolve(at, path, hops).filter(|found| *found != at);
        }
        let globs = module.globs.iter().filter_map(|path| self.resolve(at, path, hops));
        globs.filter(|glob| *glob != at).find_map(|glob| {
            if self.modules[glob].defined.contains(name) { Some(glob) } else { self.lookup(glob, name, hops) }
        })
    }
}

impl Module {
    fn import(&mut self, item: &ItemUse) {
        let is_reexport = !matches!(item.vis, Visibility::Inherited);
        for (name, path) in flatten(&item.tree) {
            if !is_reexport {
                self.used.push(path.clone());
            }
            match name {
                Some(name) => drop(self.imports.insert(name, path)),
                None => self.globs.push(path),
            }
        }
    }

    /// Paths in the body of a macro call, which is not parsed.
    fn tokens(&mut self, tokens: TokenStream) {
        let mut path = Segments::new();
        let mut colons = 0;
        for token in tokens {
            match token {
                TokenTree::Ident(name) => {
                    if colons != 2 {
                        self.keep(&mut path);
                    }
                    path.push(name.to_string());
                    colons = 0;
                }
                TokenTree::Punct(mark) if mark.as_char() == ':' => colons += 1,
                other => {
                    self.keep(&mut path);
                    colons = 0;
                    if let TokenTree::Group(group) = other {
                        self.tokens(group.stream());
                    }
                }
            }
        }
        self.keep(&mut path);
    }

    /// Keeps a path of the body of a macro call; a single name is no path.
    fn keep(&mut self, path: &mut Segments) {
        let path = std::mem::take(path);
        if path.len() > 1 {
            self.used.push(path);
        }
    }
}

impl Visit<'_> for Module {
    fn visit_attribute(&mut self, _: &Attribute) {}

    fn visit_path(&mut self, path: &syn::Path) {
        if path.leading_colon.is_none() && path.segments.len() > 1 {
            self.used.push(path.segments.iter().map(|segment| segment.ident.to_string()).collect());
        }
        syn::visit::visit_path(self, path);
    }

    fn visit_item_use(&mut self, item: &ItemUse) {
        self.used.extend(flatten(&item.tree).into_iter().map(|(_, path)| path));
    }

    fn visit_macro(&mut self, call: &syn::Macro) {
        self.visit_path(&call.path);
        self.tokens(call.tokens.clone());
    }

    fn visit_item(&mut self, item: &Item) {
        if !attributes(item).is_some_and(is_test) {
            syn::visit::visit_item(self, item);
        }
    }

    fn visit_impl_item_fn(&mut self, function: &syn::ImplItemFn) {
        if !is_test(&function.attrs) {
            syn::visit::visit_impl_item_fn(self, function);
        }
    }
}

/// Whether something is compiled for tests only.
fn is_test(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        let syn::Meta::List(list) = &attribute.meta else { return false };
        let condition = list.tokens.to_string();
        list.path.is_ident("cfg") && (condition == "test" || condition.starts_with("all (test"))
    })
}

/// The file that `#[path = "…"]` names, beside the file with the attribute.
fn path_attribute(attributes: &[Attribute]) -> Option<String> {
    attributes.iter().find_map(|attribute| {
        let syn::Meta::NameValue(named) = &attribute.meta else { return None };
        match &named.value {
            syn::Expr::Lit(syn::ExprLit { lit: syn::Lit::Str(path), .. }) if named.path.is_ident("path") => {
                Some(path.value())
            }
            _ => None,
        }
    })
}

fn attributes(item: &Item) -> Option<&[Attribute]> {
    Some(match item {
        Item::Const(item) => &item.attrs,
        Item::Enum(item) => &item.attrs,
        Item::Fn(item) => &item.attrs,
        Item::Impl(item) => &item.attrs,
        Item::Macro(item) => &item.attrs,
        Item::Mod(item) => &item.attrs,
        Item::Static(item) => &item.attrs,
        Item::Struct(item) => &item.attrs,
        Item::Trait(item) => &item.attrs,
        Item::Type(item) => &item.attrs,
        Item::Use(item) => &item.attrs,
        _ => return None,
    })
}

/// The name that an item defines.
fn defined(item: &Item) -> Option<String> {
    Some(match item {
        Item::Const(item) => item.ident.to_string(),
        Item::Enum(item) => item.ident.to_string(),
        Item::Fn(item) => item.sig.ident.to_string(),
        Item::Macro(item) => item.ident.as_ref()?.to_string(),
        Item::Static(item) => item.ident.to_string(),
        Item::Struct(item) => item.ident.to_string(),
        Item::Trait(item) => item.ident.to_string(),
        Item::Type(item) => item.ident.to_string(),
        Item::Union(item) => item.ident.to_string(),
        _ => return None,
    })
}

/// The names that a `use` item brings in, none for `*`, and their paths.
fn flatten(tree: &UseTree) -> Vec<(Option<String>, Segments)> {
    match tree {
        UseTree::Path(path) => {
            let name = path.ident.to_string();
            let below = flatten(&path.tree).into_iter();
            below.map(|(bound, path)| under(&name, bound, path)).collect()
        }
        UseTree::Name(name) => vec![(Some(name.ident.to_string()), vec![name.ident.to_string()])],
        UseTree::Rename(rename) => vec![(Some(rename.rename.to_string()), vec![rename.ident.to_string()])],
        UseTree::Glob(_) => vec![(None, Vec::new())],
        UseTree::Group(group) => group.items.iter().flat_map(flatten).collect(),
    }
}

/// A name and its path within the module `outer`. `outer::{self}` binds `outer`.
fn under(outer: &str, bound: Option<String>, path: Segments) -> (Option<String>, Segments) {
    if path == ["self"] {
        let bound = bound.map(|bound| if bound == "self" { outer.to_owned() } else { bound });
        return (bound, vec![outer.to_owned()]);
    }
    (bound, std::iter::once(outer.to_owned()).chain(path).collect())
}
