"use strict";
// Money: BigInt integers of 10^-scale dollars, so that a sum on the page is the sum of the table.

let SCALE = 6;

// Divide and round half to even, as Python's Decimal does.
function divide(numerator, denominator) {
  const negative = numerator < 0n !== denominator < 0n;
  const a = numerator < 0n ? -numerator : numerator;
  const b = denominator < 0n ? -denominator : denominator;
  let quotient = a / b;
  const twice = (a % b) * 2n;
  if (twice > b || (twice === b && quotient % 2n === 1n)) quotient += 1n;
  return negative ? -quotient : quotient;
}

// The digits of an integer of 10^-digits, with thousands apart.
function digitsOf(value, digits) {
  const text = (value < 0n ? -value : value).toString().padStart(digits + 1, "0");
  const whole = text.slice(0, text.length - digits).replace(/\B(?=(\d{3})+$)/g, ",");
  return digits ? `${whole}.${text.slice(-digits)}` : whole;
}

function dollars(value, digits = 6) {
  const rounded = divide(value, 10n ** BigInt(SCALE - digits));
  return (rounded < 0n ? "−$" : "$") + digitsOf(rounded, digits);
}

function percent(part, whole) {
  if (whole === 0n) return "–";
  const rounded = divide(part * 1000n, whole);
  return (rounded < 0n ? "−" : "") + digitsOf(rounded, 1) + "%";
}

// For the height of a bar, never for a figure.
const approximately = (value) => Number(value) / 10 ** SCALE;

const count = (value) => value.toLocaleString("en");
