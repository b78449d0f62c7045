// Reads OPML files with a reader of others and prints one line of JSON for each
// file: the outlines as [depth, text, note] in preorder, or the error.
//
//   node read.js saxes|parse-xml|opml FILE...
"use strict";
const fs = require("fs");

function note(attributes) {
	return attributes._note === undefined ? "" : attributes._note;
}

function readSaxes(text) {
	const {SaxesParser} = require("saxes");
	const found = [];
	const parser = new SaxesParser({xmlns: false});
	let depth = 0;
	parser.on("error", (e) => { throw e; });
	parser.on("opentag", (tag) => {
		if (tag.name === "outline") {
			found.push([depth++, tag.attributes.text, note(tag.attributes)]);
		}
	});
	parser.on("closetag", (tag) => {
		if (tag.name === "outline") {
			depth--;
		}
	});
	parser.write(text).close();
	return found;
}

function readParseXML(text) {
	const {parseXml} = require("@rgrove/parse-xml");
	const found = [];
	const left = [[0, parseXml(text).root]];
	while (left.length > 0) {
		let [depth, element] = left.pop();
		if (element.name === "outline") {
			found.push([depth++, element.attributes.text, note(element.attributes)]);
		}
		for (let i = element.children.length - 1; i >= 0; i--) {
			if (element.children[i].type === "element") {
				left.push([depth, element.children[i]]);
			}
		}
	}
	return found;
}

function readOPML(text) {
	const found = [];
	require("opml").parse(text, (err, outline) => {
		if (err) {
			throw err;
		}
		const left = [[0, outline.opml.body]];
		while (left.length > 0) {
			const [depth, node] = left.pop();
			if (node !== outline.opml.body) {
				found.push([depth - 1, node.text, note(node)]);
			}
			const subs = node.subs || [];
			for (let i = subs.length - 1; i >= 0; i--) {
				left.push([depth + 1, subs[i]]);
			}
		}
	});
	return found;
}

const read = {"saxes": readSaxes, "parse-xml": readParseXML, "opml": readOPML}[process.argv[2]];
for (const file of process.argv.slice(3)) {
	let line;
	try {
		line = {outlines: read(fs.readFileSync(file, "utf8"))};
	} catch (e) {
		line = {error: String(e.message || e).split("\n")[0]};
	}
	process.stdout.write(JSON.stringify(line) + "\n");
}
