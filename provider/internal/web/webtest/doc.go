// Package webtest drives the pages in a real browser: Debian's Chromium by chromedp, and axe-core for accessibility.
//
// It owns how tests of any package start the browser, what counts as a complaint of the browser and what as one of axe. It holds no
// expectation about a particular page, and no part of the product imports it.
package webtest
