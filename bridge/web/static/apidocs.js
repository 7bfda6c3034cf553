// Shows /openapi.json as a readable list. Everything is put in as text, never as markup.
"use strict";

const METHODS = ["get", "post", "put", "patch", "delete"];

function node(name, attributes, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

// `code` in a text becomes a code element.
function prose(text) {
  const parts = String(text).split("`");
  return parts.map((part, index) => (index % 2 ? node("code", {}, part) : part));
}

function slug(text) {
  return "part-" + text.replace(/[^a-z0-9]+/gi, "-");
}

function resolve(schema, all) {
  const name = schema && schema.$ref && schema.$ref.replace("#/components/schemas/", "");
  return name ? { title: name, ...all[name] } : schema || {};
}

function typeOf(schema, all) {
  if (schema.$ref) return schema.$ref.split("/").pop();
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.enum) return schema.enum.map((each) => JSON.stringify(each)).join(" | ");
  const some = schema.anyOf || schema.oneOf;
  if (some) return some.map((each) => typeOf(each, all)).join(" | ");
  if (schema.type === "array") return "[" + typeOf(schema.items || {}, all) + "]";
  if (schema.type === "object" && schema.properties) return "object";
  if (Array.isArray(schema.type)) return schema.type.join(" | ");
  return schema.type || "any";
}

function table(head, rows) {
  const cells = (kind, row) => row.map((cell) => node(kind, {}, ...[cell].flat()));
  return node("div", { class: "scroll" }, node("table", {},
    node("thead", {}, node("tr", {}, ...cells("th", head))),
    node("tbody", {}, ...rows.map((row) => node("tr", {}, ...cells("td", row))))));
}

// Fields of a schema, those of its parts below it.
function fields(schema, all, prefix, open) {
  const found = resolve(schema, all);
  const rows = [];
  for (const [name, each] of Object.entries(found.properties || {})) {
    const path = prefix + name;
    const needed = (found.required || []).includes(name) ? "" : " (optional)";
    rows.push([node("code", {}, path), typeOf(each, all) + needed, prose(each.description || "")]);
    const parts = [each, ...(each.anyOf || [])].map((one) => one.items || one);
    for (const part of parts) {
      const inner = resolve(part, all);
      const title = inner.title || path;
      if (inner.properties && !open.includes(title)) {
        const list = each.items || (each.anyOf || []).some((one) => one.items);
        rows.push(...fields(part, all, path + (list ? "[]." : "."), [...open, title]));
      }
    }
  }
  return rows;
}

function schemaTable(schema, all) {
  const rows = fields(schema, all, "", []);
  return rows.length ? table(["Field", "Type", ""], rows) : node("p", {}, typeOf(schema, all));
}

function operation(path, method, what, all) {
  const body = node("div", { class: "body" });
  if (what.description) body.append(node("p", {}, ...prose(what.description)));
  if (what["x-class"]) body.append(node("p", {}, "Class: ", node("code", {}, what["x-class"]), "."));
  body.append(node("p", {}, "Retry: ", what["x-retry"] || "", "."));
  const parameters = what.parameters || [];
  if (parameters.length) {
    body.append(node("h3", {}, "Parameters"), table(["Name", "In", "Type", ""], parameters.map((each) => [
      node("code", {}, each.name),
      each.in + (each.required ? "" : " (optional)"),
      typeOf(each.schema || {}, all),
      prose(each.description || ""),
    ])));
  }
  for (const [type, content] of Object.entries((what.requestBody || {}).content || {})) {
    const title = type === "application/json" ? "Body" : "Body: " + type;
    body.append(node("h3", {}, title), schemaTable(content.schema, all));
  }
  body.append(node("h3", {}, "Answers"), table(["Status", ""], Object.entries(what.responses).map(
    ([status, each]) => [status, prose(each.description || "")])));
  for (const [status, each] of Object.entries(what.responses)) {
    for (const [type, one] of Object.entries(each.content || {})) {
      if (type !== "application/problem+json" && one.schema && one.schema.$ref) {
        body.append(node("h3", {}, status + " " + one.schema.$ref.split("/").pop()), schemaTable(one.schema, all));
      }
    }
  }
  return node("details", { id: what.operationId },
    node("summary", {},
      node("code", { class: "method" }, method.toUpperCase()),
      node("code", { class: "path" }, path),
      node("span", { class: "what" }, what.summary || ""),
      node("span", { class: "role" }, what["x-role"] || "")),
    body);
}

function show(description) {
  const all = (description.components || {}).schemas || {};
  const groups = new Map();
  for (const [path, operations] of Object.entries(description.paths)) {
    for (const method of METHODS) {
      const what = operations[method];
      if (!what) continue;
      const group = (what.tags || ["other"])[0];
      if (!groups.has(group)) groups.set(group, []);
      groups.get(group).push(operation(path, method, what, all));
    }
  }
  const main = document.getElementById("operations");
  const contents = document.getElementById("contents");
  for (const [group, operations] of groups) {
    contents.append(node("a", { href: "#" + slug(group) }, group));
    main.append(node("section", {}, node("h2", { id: slug(group) }, group), ...operations));
  }
  const problem = all.Problem;
  if (problem) {
    contents.append(node("a", { href: "#problems" }, "problems"));
    main.append(node("section", {}, node("h2", { id: "problems" }, "problems"),
      node("p", {}, ...prose(problem.description || "")), schemaTable(problem, all)));
  }
  const source = node("a", { href: "/openapi.json" }, "/openapi.json");
  document.getElementById("about").replaceChildren(
    description.info.title + " " + description.info.version + " · ", source);
}

async function start() {
  try {
    const answer = await fetch("/openapi.json", { headers: { accept: "application/json" } });
    if (!answer.ok) throw new Error("status " + answer.status);
    show(await answer.json());
  } catch (error) {
    const text = "The description cannot be read (" + error.message + "). Is the box running?";
    document.getElementById("about").replaceChildren(node("span", { class: "trouble", role: "alert" }, text));
  }
}

start();
