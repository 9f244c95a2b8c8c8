//! Priorities as named in the file, ranked into dense classes.

use super::Compiler;
use crate::diagnostic::Span;
use crate::model::Class;
use crate::spec::decode::At;
use crate::spec::quantity::Priority;

/// More classes than anyone can tell apart.
const CLASSES_MAX: usize = 64;

/// The priorities a model names, in the order they were met; a provisional class is an index into it.
#[derive(Debug)]
pub struct Classes {
    met: Vec<Priority>,
}

impl Default for Classes {
    fn default() -> Self {
        Self { met: vec![Priority::NORMAL] }
    }
}

/// What has no priority stated.
pub const NORMAL: Class = 0;

impl Compiler<'_> {
    /// The provisional class of a priority, if one is stated.
    pub(super) fn class(&mut self, priority: Option<&At<Priority>>) -> Option<Class> {
        let priority = priority?;
        if let Some(known) = self.classes.met.iter().position(|met| *met == priority.value) {
            return Some(known as Class);
        }
        if self.classes.met.len() == CLASSES_MAX {
            self.too_many(priority.span);
            return None;
        }
        self.classes.met.push(priority.value.clone());
        Some(self.classes.met.len() as Class - 1)
    }

    fn too_many(&mut self, span: Span) {
        self.error(
            span,
            format!("more than {CLASSES_MAX} different priorities"),
            "expected one of those named before",
        );
    }

    /// Replaces provisional classes by ranks: the highest priority is class 0.
    pub(super) fn rank_classes(&mut self) {
        let mut ranked: Vec<usize> = (0..self.classes.met.len()).collect();
        ranked.sort_by_key(|&i| std::cmp::Reverse(self.classes.met[i].0));
        let mut rank = vec![0; ranked.len()];
        for (place, &i) in ranked.iter().enumerate() {
            rank[i] = place as Class;
        }
        let model = &mut self.model;
        model.classes = ranked.iter().map(|&i| self.classes.met[i].name()).collect();
        let optional = model.sites.iter_mut().map(|site| &mut site.class);
        let optional =
            optional.chain(model.endpoints.iter_mut().map(|endpoint| &mut endpoint.class)).flatten();
        let stated = model.groups.iter_mut().map(|group| &mut group.class);
        let stated = stated.chain(model.requests.iter_mut().map(|request| &mut request.class));
        for class in optional.chain(stated) {
            *class = rank[usize::from(*class)];
        }
    }
}
