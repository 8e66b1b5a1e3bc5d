package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"

	"latchd/bench/door"
	"latchd/bench/page"
)

// weigh measures the pages themselves.
func weigh(dir, exe string) (rows []page.Row, err error) {
	d, err := newHouse(dir, exe)
	if err != nil {
		return nil, err
	}
	defer d.end()
	for _, path := range []string{"/panel/", "/console/"} {
		bytes, files, err := d.bytes(path)
		if err != nil {
			return nil, err
		}
		rows = append(rows, page.Row{path + ", first load", fmt.Sprintf("%.1f kB in %d files", float64(bytes)/1e3, files), "under 50 kB"})
	}
	chromium, err := exec.LookPath("chromium")
	if err != nil {
		log.Print("no chromium on this machine: the pages' first paint is not measured")
		return rows, nil
	}
	paints, err := d.paints(chromium, filepath.Join(dir, "chromium"))
	return append(rows, paints...), err
}

// named finds what a page or a script of it loads.
var named = regexp.MustCompile(`(?:href|src)="(/[^"]+\.(?:css|js|svg))"|(?:from|import) "\.(/[^"]+)"`)

// bytes adds up a page and all that it names, and what that names.
func (d *house) bytes(path string) (sum, files int, err error) {
	wanted := []string{path}
	for ; files < len(wanted); files++ {
		answer, err := http.Get("http://" + d.at + wanted[files])
		if err != nil {
			return 0, 0, err
		}
		body, err := io.ReadAll(answer.Body)
		answer.Body.Close()
		if err != nil || answer.StatusCode != http.StatusOK {
			return 0, 0, fmt.Errorf("get %s: %s, %w", wanted[files], answer.Status, err)
		}
		sum += len(body)
		for _, m := range named.FindAllStringSubmatch(string(body), -1) {
			if name := m[1] + m[2]; !slices.Contains(wanted, name) {
				wanted = append(wanted, name)
			}
		}
	}
	return sum, files, nil
}

// paints loads each page again and again in a browser.
func (d *house) paints(chromium, profile string) (rows []page.Row, err error) {
	flags := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(chromium), chromedp.UserDataDir(profile),
		chromedp.NoSandbox, chromedp.DisableGPU, chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true))
	browser, stop := chromedp.NewExecAllocator(context.Background(), flags...)
	defer stop()
	tab, _ := chromedp.NewContext(browser)
	defer chromedp.Cancel(tab)
	if err := chromedp.Do(tab); err != nil {
		return nil, fmt.Errorf("start %s: %w", chromium, err)
	}
	uncached := chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, network.SetCacheDisabled, network.SetCacheDisabledParams{CacheDisabled: true})
		return err
	})
	const paint = `performance.getEntriesByName("first-contentful-paint")[0]?.startTime ?? 0`
	for _, path := range []string{"/panel/", "/console/"} {
		var took []time.Duration
		for range *loads {
			fresh, _ := chromedp.NewContext(tab)
			ctx, cancel := context.WithTimeout(fresh, door.Patience)
			var ms float64
			err := chromedp.Do(ctx, uncached, chromedp.Navigate("http://"+d.at+path),
				chromedp.Poll[chromedp.Void](paint+` > 0`), chromedp.Func(func(ctx context.Context, t *chromedp.Target) (err error) {
					ms, err = chromedp.Evaluate[float64](paint)(ctx, t)
					return err
				}))
			cancel()
			if err := errors.Join(err, chromedp.Cancel(fresh)); err != nil {
				return nil, fmt.Errorf("paint %s: %w", path, err)
			}
			took = append(took, time.Duration(ms*float64(time.Millisecond)))
		}
		rows = append(rows, page.Row{path + ", first contentful paint in headless Chromium", page.Spread(took), "–"})
	}
	return rows, nil
}
