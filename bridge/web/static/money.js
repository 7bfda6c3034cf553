// Amounts as integer cents, quantities as integer thousandths. Nothing here ever computes with
// fractions: text is taken apart and put together digit by digit.

const MAX_CENTS = 1_000_000_000;
const MAX_QUANTITY = 1_000_000_000;

function parse(text, decimals, most) {
  const pattern = new RegExp(`^(-?)(\\d{0,8})(?:[.,](\\d{0,${decimals}}))?$`);
  const found = pattern.exec(text.trim());
  if (found === null || !/\d/.test(text)) return null;
  const [, sign, whole, fraction = ""] = found;
  const value = Number(whole + fraction.padEnd(decimals, "0"));
  if (value > most) return null;
  return sign && value ? -value : value;
}

/** "12,50", "12.5" or "12" → 1250 cents; null for anything else. */
export const parseCents = (text) => parse(text, 2, MAX_CENTS);

/** "0,750" → 750 thousandths; null for anything else, and for zero. */
export const parseQuantity = (text) => parse(text, 3, MAX_QUANTITY) || null;

/** "2,5" → 250 hundredths of a percent; null for anything else and outside 0 … 100. */
export function parsePercent(text) {
  const value = parse(text, 2, 10_000);
  return value === null || value < 0 ? null : value;
}

function split(value, decimals) {
  const digits = String(Math.abs(value)).padStart(decimals + 1, "0");
  return [value < 0 ? "-" : "", digits.slice(0, -decimals), digits.slice(-decimals)];
}

const comma = (language) => (language === "de" ? "," : ".");

/** 123450 → "1.234,50" or "1,234.50". */
export function formatCents(cents, language) {
  const [sign, whole, fraction] = split(cents, 2);
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, language === "de" ? "." : ",");
  return `${sign}${grouped}${comma(language)}${fraction}`;
}

/** 1250 → "€ 12,50" or "€12.50"; the minus sign stands before the currency. */
export function formatMoney(cents, language) {
  const amount = formatCents(Math.abs(cents), language);
  return `${cents < 0 ? "−" : ""}€${language === "de" ? "\u00a0" : ""}${amount}`;
}

/** 1250 → "12,50": what an input starts with; no grouping. */
export function editCents(cents, language) {
  const [sign, whole, fraction] = split(cents, 2);
  return `${sign}${whole}${comma(language)}${fraction}`;
}

/** 2000 → "2", 750 → "0,750". */
export function formatQuantity(quantity, language) {
  const [sign, whole, fraction] = split(quantity, 3);
  return fraction === "000" ? sign + whole : `${sign}${whole}${comma(language)}${fraction}`;
}

/** 1000 → "10", 250 → "2,5": hundredths of a percent. */
export function formatPercent(percent, language) {
  const [sign, whole, fraction] = split(percent, 2);
  const rest = fraction.replace(/0+$/, "");
  return rest ? `${sign}${whole}${comma(language)}${rest}` : sign + whole;
}

/** 1500 → "1.500": a quantity as the API takes it. */
export function quantityText(quantity) {
  const [sign, whole, fraction] = split(quantity, 3);
  return `${sign}${whole}.${fraction}`;
}

/** 250 → "2.50": a percentage as the API takes it. */
export function percentText(percent) {
  const [sign, whole, fraction] = split(percent, 2);
  return `${sign}${whole}.${fraction}`;
}
