// The reader's language in the browser: `tr` turns an English sentence into it, as `pages.ui.language` does in Python.

const ENGLISH = { locale: "en", messages: {}, plurals: {} };
let spoken = ENGLISH;
let address;

/** Speak the language whose words lie at an address; English without one. Called before anything is shown. */
export async function speak(wanted) {
  if (wanted === address) return;
  try {
    spoken = wanted ? await (await fetch(new URL(wanted, document.baseURI))).json() : ENGLISH;
    address = wanted;
  } catch (error) {
    console.warn("words: English is spoken, because", error);
  }
}

/** A sentence in the reader's language; `{name}` is filled in from the values. */
export function tr(message, values) {
  return fill(spoken.messages[message] || message, values);
}

/** Marks a message of a table, for whoever writes catalogues: it is told by `tr` when it is shown. */
export function later(message) {
  return message;
}

/** That of two sentences which suits the number, in the reader's language; `{count}` is the number. */
export function trn(one, several, count, values) {
  const forms = spoken.plurals[one] ?? [one, several];
  spoken.rules ??= new Intl.PluralRules(spoken.locale.replaceAll("_", "-"));
  const { rules } = spoken;
  // the order of the CLDR's categories is that of gettext's forms
  const form = ORDER.filter((name) => rules.resolvedOptions().pluralCategories.includes(name)).indexOf(rules.select(count));
  return fill(forms[Math.min(form, forms.length - 1)], { count: count.toLocaleString("en"), ...values });
}

const ORDER = ["zero", "one", "two", "few", "many", "other"];

function fill(text, values) {
  return values ? text.replace(/\{(\w+)\}/g, (hole, name) => values[name] ?? hole) : text;
}
