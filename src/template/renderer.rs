//! Compiling and rendering templates: one [`Renderer`] a thread, reused for thousands of templates.
//!
//! A rendering runs the boot template, which makes the session and includes the template proper. That gives
//! macros a way into the running state without a prelude in each template, and lets a compiled template be
//! kept for the second pass.

use std::collections::{BTreeSet, HashSet};
use std::ops::Range;
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};

use minijinja::value::{Kwargs, Value};
use minijinja::{Environment, OutputSpanKind, UndefinedBehavior};

use super::call::{MacroRef, template_id};
use super::context;
use super::error::{Kind, TemplateError};
use super::host::Host;

use super::library::{BUILTIN_PACKAGE, MacroId, MacroLibrary};
use super::locate::{Names, Origin, locate};
use super::native::single_expression;
use super::printing;
use super::rewrite::rewrite;
use super::scope::{Record, Scope};
use super::source_map::{Edit, SourceMap};
use super::value::own_deep;

/// Makes the session, with the macro that loads others.
pub(crate) const LOAD: &str =
    "{%macro __load(__n)%}{%include __n%}{%endmacro%}{%set __=__boot(__load)%}";
const RENDER: &str = "render";
const CALL: &str = "call";

/// When a rendering is stopped.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Steps of the engine and, at a sixty-fourth each, bytes it writes: 20 million are a second or two
    /// and at most 1.3 GB.
    pub fuel: u64,
    /// Levels of nesting; a macro call takes six or more.
    pub recursion: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Limits { fuel: 20_000_000, recursion: 3_000 }
    }
}

/// A template, or the part of a file that is one.
#[derive(Debug, Clone)]
pub struct TemplateSource {
    /// The file, for messages.
    pub path: Arc<str>,
    /// The whole text of the file.
    pub text: Arc<str>,
    /// The part that is the template, such as the body of a snapshot; `None` for all of it.
    pub region: Option<Range<usize>>,
}

impl TemplateSource {
    /// A file that is a template.
    #[must_use]
    pub fn new(path: &str, text: &str) -> Self {
        TemplateSource { path: Arc::from(path), text: Arc::from(text), region: None }
    }
}

/// A compiled template of one renderer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Handle(usize);

/// What a rendering made.
#[derive(Debug, Clone)]
pub struct Rendered {
    /// The text.
    pub text: String,
    /// The unique ids of the macros that ran.
    pub macros_called: BTreeSet<Arc<str>>,
    /// Whether the template may render otherwise when `execute` is true: it read `execute`, or printed
    /// something undefined, which is an error only then.
    pub depends_on_execute: bool,
}

/// Where a range of a rendered text comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mapped {
    /// Bytes of the rendered text.
    pub output: Range<usize>,
    /// The file that wrote them.
    pub path: Arc<str>,
    /// Bytes of that file: the text itself, or the expression that gave it.
    pub source: Range<usize>,
    /// Whether the bytes were copied as they are.
    pub verbatim: bool,
}

struct Compiled {
    source: TemplateSource,
    map: SourceMap,
    name: String,
    /// The text, if nothing in it is code.
    plain: Option<String>,
}

/// Renders templates on one thread.
pub struct Renderer {
    environment: Environment<'static>,
    library: Arc<MacroLibrary>,
    compiled: Vec<Option<Compiled>>,
    free: Vec<usize>,
    globals: Arc<HashSet<String>>,
    limits: Limits,
}

impl Renderer {
    /// A renderer with the macros of a library.
    #[must_use]
    pub fn new(library: Arc<MacroLibrary>, limits: Limits) -> Self {
        let mut environment = Environment::new();
        environment.set_auto_escape_callback(|_| minijinja::AutoEscape::None);
        environment.set_fuel(Some(limits.fuel));
        environment.set_recursion_limit(limits.recursion);
        environment.set_auto_reload(false);
        environment.set_debug(false);
        let macros = Arc::clone(&library);
        environment.set_loader(move |name| {
            let entry = template_id(name).and_then(|id| macros.entry(id));
            Ok(entry.map(|entry| entry.template.clone()))
        });
        context::register(&mut environment);
        printing::register(&mut environment);
        for (name, rest) in [(RENDER, "{%include __main%}"), (CALL, "{%set __=__run()%}")] {
            let added = environment.add_template_owned(name, format!("{LOAD}{rest}"));
            debug_assert!(added.is_ok(), "the boot template compiles");
        }
        let globals = environment.globals().map(|(name, _)| name.to_string()).collect();
        let globals = Arc::new(globals);
        Renderer { environment, library, compiled: Vec::new(), free: Vec::new(), globals, limits }
    }

    /// Compiles a template, to be rendered as often as needed until it is forgotten.
    ///
    /// # Errors
    /// If the template cannot be read.
    pub fn compile(&mut self, source: &TemplateSource) -> Result<Handle, TemplateError> {
        self.add(source, Vec::new())
    }

    /// Frees a compiled template.
    pub fn forget(&mut self, handle: Handle) {
        if let Some(compiled) = self.compiled.get_mut(handle.0).and_then(Option::take) {
            self.environment.remove_template(&compiled.name);
            self.free.push(handle.0);
        }
    }

    /// Compiles and renders a template once.
    ///
    /// # Errors
    /// If the template cannot be read or fails.
    pub fn render(
        &mut self,
        source: &TemplateSource,
        host: Arc<dyn Host>,
    ) -> Result<Rendered, TemplateError> {
        let handle = self.compile(source)?;
        let rendered = self.render_compiled(handle, host);
        self.forget(handle);
        rendered
    }

    /// Renders a compiled template.
    ///
    /// # Errors
    /// If the template fails.
    pub fn render_compiled(
        &mut self,
        handle: Handle,
        host: Arc<dyn Host>,
    ) -> Result<Rendered, TemplateError> {
        let compiled = self.compiled.get(handle.0).and_then(Option::as_ref);
        let Some(compiled) = compiled else { return Err(forgotten()) };
        if let Some(plain) = &compiled.plain {
            return Ok(self.rendered(plain.clone(), &Record::default()));
        }
        let main = Value::from(compiled.name.as_str());
        let (scope, text) =
            self.run(RENDER, main, Vec::new(), host, |template, context| template.render(context))?;
        Ok(self.rendered(text, &scope.record))
    }

    /// Renders a template and tells for each part of the text where it comes from. Slower than
    /// [`Renderer::render`]; what a macro wrote is attributed to the expression that called it.
    ///
    /// # Errors
    /// If the template cannot be read or fails.
    pub fn render_mapped(
        &mut self,
        source: &TemplateSource,
        host: Arc<dyn Host>,
    ) -> Result<(Rendered, Vec<Mapped>), TemplateError> {
        let handle = self.compile(source)?;
        let result = self.mapped(handle, host);
        self.forget(handle);
        result
    }

    /// The value of a template that is one expression, else its text: how dbt reads strings in YAML.
    ///
    /// # Errors
    /// If the template cannot be read or fails.
    pub fn native(
        &mut self,
        source: &TemplateSource,
        host: Arc<dyn Host>,
    ) -> Result<Value, TemplateError> {
        let Some(edits) = single_expression(&source.text, source.region.clone()) else {
            return self.render(source, host).map(|rendered| Value::from(rendered.text));
        };
        let handle = self.add(source, edits)?;
        let name = format!("template {}", handle.0);
        let result = self.run(RENDER, Value::from(name), Vec::new(), host, |template, context| {
            template.render(context)
        });
        self.forget(handle);
        let (scope, _) = result?;
        Ok(taken(&scope.record))
    }

    /// Calls a macro from outside of a template: a generic test, `generate_schema_name`, `run-operation`.
    /// A macro that does not `return` gives its text.
    ///
    /// # Errors
    /// If the macro cannot be read or fails.
    pub fn call(
        &mut self,
        id: MacroId,
        args: &[Value],
        kwargs: &[(&str, Value)],
        host: Arc<dyn Host>,
    ) -> Result<(Value, Rendered), TemplateError> {
        // templates change what they are given, but not what the caller keeps
        let owned = |value: &Value| own_deep(value).unwrap_or_else(|_| value.clone());
        let mut arguments: Vec<Value> = args.iter().map(owned).collect();
        if !kwargs.is_empty() {
            let kwargs = kwargs.iter().map(|(name, value)| (*name, owned(value)));
            arguments.push(Value::from(kwargs.collect::<Kwargs>()));
        }
        let main = MacroRef::value(&self.library, id);
        let (scope, _) =
            self.run(CALL, main, arguments, host, |template, context| template.render(context))?;
        let value = taken(&scope.record);
        let text = super::value::display(&value);
        Ok((value, self.rendered(text, &scope.record)))
    }

    /// Compiles every macro of the project and its packages and reports those that cannot be read.
    #[must_use]
    pub fn check_macros(&self) -> Vec<TemplateError> {
        let own = self.library.macros().filter(|(_, info)| &*info.package != BUILTIN_PACKAGE);
        let ids = own.map(|(id, _)| super::call::template_name(id));
        ids.filter_map(|name| self.environment.get_template(&name).err())
            .map(|error| locate(&error, &self.names(None)))
            .collect()
    }

    /// The library that this renderer calls macros of.
    #[must_use]
    pub fn library(&self) -> &Arc<MacroLibrary> {
        &self.library
    }

    fn add(&mut self, source: &TemplateSource, edits: Vec<Edit>) -> Result<Handle, TemplateError> {
        let region = source.region.clone().unwrap_or(0..source.text.len());
        let index = self.free.pop().unwrap_or(self.compiled.len());
        let name = format!("template {index}");
        let mut compiled =
            Compiled { source: source.clone(), map: SourceMap::default(), name, plain: None };
        let template = source.text.get(region.clone()).unwrap_or_default();
        let result = if edits.is_empty() && !has_code(template) {
            compiled.plain = Some(without_final_break(template).to_string());
            Ok(())
        } else {
            let (text, map) = rewrite(&source.text, region, edits);
            compiled.map = map;
            self.environment.add_template_owned(compiled.name.clone(), text.into_owned())
        };
        if index == self.compiled.len() {
            self.compiled.push(Some(compiled));
        } else {
            self.compiled[index] = Some(compiled);
        }
        result.map(|()| Handle(index)).map_err(|error| {
            let located = locate(&error, &self.names(None));
            self.forget(Handle(index));
            located
        })
    }

    fn run<T>(
        &mut self,
        boot: &str,
        main: Value,
        arguments: Vec<Value>,
        host: Arc<dyn Host>,
        render: impl FnOnce(&minijinja::Template, Value) -> Result<T, minijinja::Error>,
    ) -> Result<(Arc<Scope>, T), TemplateError> {
        // dbt collects references with an undefined value that swallows everything
        self.environment.set_undefined_behavior(if host.execute() {
            UndefinedBehavior::Lenient
        } else {
            UndefinedBehavior::Chainable
        });
        let library = Arc::clone(&self.library);
        let scope = Arc::new(Scope::new(host, library, main, arguments, Arc::clone(&self.globals)));
        let context = Value::from_dyn_object(Arc::clone(&scope));
        let result = self
            .environment
            .get_template(boot)
            .and_then(|template| render(&template, context))
            .map_err(|error| locate(&error, &self.names(Some(&scope))));
        result.map(|result| (scope, result))
    }

    fn mapped(
        &mut self,
        handle: Handle,
        host: Arc<dyn Host>,
    ) -> Result<(Rendered, Vec<Mapped>), TemplateError> {
        let compiled = self.compiled.get(handle.0).and_then(Option::as_ref);
        let Some(compiled) = compiled else { return Err(forgotten()) };
        if let Some(plain) = &compiled.plain {
            let start = compiled.source.region.as_ref().map_or(0, |region| region.start);
            let all = Mapped {
                output: 0..plain.len(),
                path: Arc::clone(&compiled.source.path),
                source: start..start + plain.len(),
                verbatim: true,
            };
            return Ok((self.rendered(plain.clone(), &Record::default()), vec![all]));
        }
        let main = Value::from(compiled.name.as_str());
        let (scope, (text, spans)) =
            self.run(RENDER, main, Vec::new(), host, |template, context| {
                template.render_with_spans(context)
            })?;
        let names = self.names(Some(&scope));
        let mapped = spans.iter().filter_map(|span| {
            let origin = names.origin(span.name())?;
            Some(Mapped {
                output: span.output_range(),
                path: Arc::clone(origin.path),
                source: origin.map.source_range(span.source_range()),
                verbatim: span.kind() == OutputSpanKind::Raw,
            })
        });
        Ok((self.rendered(text, &scope.record), mapped.collect()))
    }

    fn rendered(&self, text: String, record: &Record) -> Rendered {
        let called = record.called.lock().unwrap_or_else(PoisonError::into_inner);
        let macros_called = called
            .iter()
            .filter_map(|id| self.library.info(*id))
            .map(|info| Arc::clone(&info.unique_id))
            .collect();
        let depends_on_execute = record.execute_read.load(Ordering::Relaxed)
            || record.undefined_printed.load(Ordering::Relaxed);
        Rendered { text, macros_called, depends_on_execute }
    }

    fn names<'a>(&'a self, scope: Option<&'a Scope>) -> RendererNames<'a> {
        RendererNames { renderer: self, scope }
    }
}

fn taken(record: &Record) -> Value {
    let result = record.result.lock().unwrap_or_else(PoisonError::into_inner).take();
    result.map_or(Value::from(()), |value| own_deep(&value).unwrap_or(value))
}

fn forgotten() -> TemplateError {
    let message = "the template was forgotten".to_string();
    TemplateError { message, kind: Kind::Value, frames: Vec::new(), help: None }
}

fn has_code(text: &str) -> bool {
    text.as_bytes().windows(2).any(|pair| pair[0] == b'{' && matches!(pair[1], b'{' | b'%' | b'#'))
}

/// As the engine does: a line break at the very end is not part of a template.
fn without_final_break(text: &str) -> &str {
    let text = text.strip_suffix('\n').unwrap_or(text);
    text.strip_suffix('\r').unwrap_or(text)
}

struct RendererNames<'a> {
    renderer: &'a Renderer,
    scope: Option<&'a Scope>,
}

impl Names for RendererNames<'_> {
    fn origin(&self, template: &str) -> Option<Origin<'_>> {
        if let Some(id) = template_id(template) {
            let entry = self.renderer.library.entry(id)?;
            return Some(Origin {
                path: &entry.info.path,
                text: &entry.info.file,
                map: &entry.map,
                region: entry.info.span.clone(),
                macro_name: Some(&entry.info.name),
            });
        }
        let index: usize = template.strip_prefix("template ")?.parse().ok()?;
        let compiled = self.renderer.compiled.get(index)?.as_ref()?;
        Some(Origin {
            path: &compiled.source.path,
            text: &compiled.source.text,
            map: &compiled.map,
            region: compiled.source.region.clone().unwrap_or(0..compiled.source.text.len()),
            macro_name: None,
        })
    }

    fn known(&self) -> Vec<String> {
        let library = &self.renderer.library;
        let package = self.scope.map_or(0, Scope::package);
        let globals = self.renderer.environment.globals().map(|(name, _)| name.to_string());
        globals
            .chain(library.visible(package).keys().cloned())
            .chain(library.packages().map(str::to_string))
            .chain(context::PER_RENDER.iter().map(ToString::to_string))
            .collect()
    }

    fn limits(&self) -> Limits {
        self.renderer.limits
    }

    fn packages_with(&self, name: &str) -> Vec<String> {
        let library = &self.renderer.library;
        let packages =
            library.packages().filter(|package| library.in_package(package, name).is_some());
        packages.map(str::to_string).collect()
    }
}
