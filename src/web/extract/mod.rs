//! Who asks and in which language, as argument types: a handler that names none of them cannot know.

mod caller;
mod lang;
mod visitor;

pub(crate) use caller::Caller;
pub(crate) use lang::Lang;
pub(crate) use visitor::Visitor;
