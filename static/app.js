/* What a page does beyond links and forms. Everything here makes something quicker that works without it. */
(() => {
  "use strict";

  const root = document.documentElement;
  root.classList.add("has-js");

  const byId = (id) => document.getElementById(id);
  const dialog = () => byId("dialog-frame");

  // Menus: one open at a time; a click outside or Escape closes it, and Escape returns to its button.

  const openMenus = () => document.querySelectorAll("details.menu[open]");

  const closeMenus = (except) => openMenus().forEach((menu) => menu !== except && (menu.open = false));

  document.addEventListener("toggle", (event) => {
    const menu = event.target;
    if (!menu.matches?.("details.menu") || !menu.open) return;
    closeMenus(menu);
    const items = menu.querySelector(".menu-items");
    menu.classList.remove("upward");
    if (items.getBoundingClientRect().bottom > innerHeight - 8 && menu.getBoundingClientRect().top > items.offsetHeight + 60) {
      menu.classList.add("upward");
    }
  }, true);

  document.addEventListener("click", (event) => closeMenus(event.target.closest("details.menu")));

  // What is folded on a narrow screen, to begin with.

  const foldWhenNarrow = (part) => {
    if (!matchMedia("(max-width: 640px)").matches) return;
    part.querySelectorAll("[data-folds-when-narrow]").forEach((fold) => { fold.open = false; });
  };

  foldWhenNarrow(document);

  // Of tabs that do not fit, the current one is in view.

  const showCurrentTab = () => document.querySelectorAll(".tabs [aria-current]").forEach((tab) => {
    const line = tab.parentElement;
    line.scrollLeft = tab.offsetLeft - line.offsetLeft - (line.clientWidth - tab.offsetWidth) / 2;
  });

  showCurrentTab();
  document.addEventListener("htmx:oobAfterSwap", showCurrentTab);

  // What is printed as it is.

  document.addEventListener("click", (event) => event.target.closest("[data-prints]") && print());

  // Where nobody has chosen a time zone yet, that of the browser is proposed.

  document.querySelectorAll("[data-guesses-time-zone]").forEach((select) => {
    const guessed = Intl.DateTimeFormat().resolvedOptions().timeZone;
    const isKnown = [...select.options].some((option) => option.value === guessed);
    if (select.value === "UTC" && isKnown && !select.form.querySelector(".error")) select.value = guessed;
  });

  // The dialog: parts are loaded into it; focus goes back to what opened it.

  let openerId = "";

  const showDialog = () => {
    const frame = dialog();
    if (!frame.open) frame.showModal();
    takeFocus(byId("dialog"), "input:not([type=hidden]), select, textarea");
  };

  const closeDialog = () => dialog()?.open && dialog().close();

  const returnFocus = () => {
    byId("dialog").replaceChildren();
    byId("dialog-messages").replaceChildren();
    // The browser tells of the closing a little later: by then a quick hand may have gone on.
    if (openerId && document.activeElement === document.body) byId(openerId)?.focus();
  };

  const rememberOpener = (opener) => {
    opener.id ||= `opener-${Math.random().toString(36).slice(2)}`;
    openerId = opener.id;
  };

  document.addEventListener("close", (event) => event.target === dialog() && returnFocus(), true);

  document.addEventListener("click", (event) => {
    if (event.target === dialog()) closeDialog();
    const cancel = event.target.closest("#dialog [data-closes]");
    if (cancel) {
      event.preventDefault();
      closeDialog();
    }
  });

  document.addEventListener("dialog:close", closeDialog);

  // What was swapped in may ask for the focus: an error summary does, and so does a failure.

  const takeFocus = (part, otherwise) => {
    const wanted = part.querySelector("[data-takes-focus]") || (otherwise && part.querySelector(otherwise));
    wanted?.focus();
  };

  // What a page asks for by itself, again and again, closes no menu; if no answer comes, it asks again. Who is signed
  // out meanwhile is not taken away from what they are typing.

  const polls = (elt) => elt?.matches?.("[data-polls]");

  document.addEventListener("htmx:beforeOnLoad", (event) => {
    const { elt, xhr } = event.detail;
    if (polls(elt) && xhr.getResponseHeader("HX-Redirect")) event.preventDefault();
  });

  let heldFocus = "";

  document.addEventListener("htmx:beforeRequest", (event) => {
    const { elt, target } = event.detail;
    if (polls(elt)) return;
    const menuButton = elt.closest("details.menu")?.querySelector("summary");
    menuButton?.focus();
    closeMenus();
    if (target?.id === "dialog" && !dialog().open) rememberOpener(menuButton || elt);
  });

  document.addEventListener("htmx:beforeSwap", (event) => {
    const { xhr, target } = event.detail;
    heldFocus = document.activeElement?.closest("[id]")?.id || "";
    if (xhr.status < 400) return;
    if (polls(event.detail.requestConfig.elt)) {
      event.detail.shouldSwap = false;
      return;
    }
    if (!xhr.getResponseHeader("HX-Retarget") && xhr.status !== 409 && xhr.status !== 422) {
      event.detail.shouldSwap = false;
      showFailure();
    } else if (target?.id === "messages" && dialog().open) {
      event.detail.target = byId("dialog-messages");
    }
  });

  document.addEventListener("htmx:afterSettle", (event) => {
    const target = event.detail.target;
    if (event.detail.elt?.querySelector) foldWhenNarrow(event.detail.elt);
    event.detail.elt?.querySelector?.("[data-comes-into-view]")?.scrollIntoView({ block: "nearest" });
    if (target?.id === "dialog") {
      showDialog();
    } else if (event.detail.elt?.isConnected && event.detail.elt.querySelector?.("[data-takes-focus]")) {
      takeFocus(event.detail.elt);
    } else if (document.activeElement === document.body && heldFocus) {
      byId(heldFocus)?.focus();
    }
  });

  const showFailure = (event) => {
    if (polls(event?.detail?.elt)) return;
    const place = dialog()?.open ? byId("dialog-messages") : byId("messages");
    place.replaceChildren(byId("no-answer").content.cloneNode(true));
  };

  document.addEventListener("htmx:sendError", showFailure);
  document.addEventListener("htmx:timeout", showFailure);

  document.addEventListener("click", (event) => {
    event.target.closest(".message-dismiss")?.closest(".message").remove();
  });

  // What is there to be copied is selected as soon as somebody is in it.

  document.addEventListener("focusin", ({ target }) => target.matches(".secret[readonly]") && target.select());

  // Rows that are dragged by a handle (a form that says before which row). Each has buttons that do the same.

  let drag = null;

  const dropPlace = (y) => {
    const rows = [...drag.row.parentElement.children];
    const under = rows.find((row) => y < row.getBoundingClientRect().top + row.offsetHeight / 2);
    return { rows, before: under ? rows.indexOf(under) : rows.length };
  };

  const clearDropMarks = () => {
    document.querySelectorAll(".is-drop-before, .is-drop-after").forEach((row) => row.classList.remove("is-drop-before", "is-drop-after"));
  };

  const endDrag = () => {
    clearDropMarks();
    drag?.row.classList.remove("is-dragged");
    drag = null;
  };

  document.addEventListener("pointerdown", (event) => {
    const handle = event.target.closest("[data-drags]");
    if (!handle || event.button !== 0) return;
    event.preventDefault();
    drag = { handle, row: handle.closest("tr"), place: null };
    drag.row.classList.add("is-dragged");
    handle.setPointerCapture(event.pointerId);
  });

  document.addEventListener("pointermove", (event) => {
    if (!drag) return;
    const { rows, before } = dropPlace(event.clientY);
    const home = rows.indexOf(drag.row);
    clearDropMarks();
    drag.place = before === home || before === home + 1 ? null : rows[before]?.dataset.key || "last";
    if (drag.place === null) return;
    if (rows[before]) rows[before].classList.add("is-drop-before");
    else rows.at(-1).classList.add("is-drop-after");
  });

  document.addEventListener("pointerup", () => {
    if (!drag) return;
    const { handle, place } = drag;
    endDrag();
    if (place === null) return;
    handle.elements.namedItem("before").value = place;
    handle.requestSubmit();
  });

  document.addEventListener("pointercancel", endDrag);

  // Contacts that are selected in the list. The box in the head stands for the page, `all` for everybody who matches.

  const selection = () => byId("contacts-bulk");

  const boxes = () => [...selection().elements].filter((box) => box.name === "contact");

  const sayHowMany = () => {
    if (!selection()) return;
    const total = boxes().length;
    const selected = boxes().filter((box) => box.checked).length;
    const { all } = selection().elements;
    const head = byId("select-page");
    head.checked = selected === total;
    head.indeterminate = selected > 0 && selected < total;
    selection().querySelector("[data-selected]").textContent = all?.checked ? all.dataset.words : `${selected} selected`;
  };

  document.addEventListener("change", ({ target }) => {
    if (!selection() || target.form !== selection()) return;
    const { all } = selection().elements;
    const isOfThePage = target.id === "select-page";
    if (isOfThePage || (target === all && all.checked)) boxes().forEach((box) => (box.checked = target.checked));
    if (all && target !== all && !target.checked) all.checked = false;
    sayHowMany();
  });

  document.addEventListener("reset", (event) => event.target === selection() && setTimeout(sayHowMany), true);

  document.addEventListener("formdata", (event) => {
    if (event.target === selection() && event.formData.has("all")) event.formData.delete("contact");
  });

  document.addEventListener("htmx:afterSettle", sayHowMany);
  addEventListener("pageshow", sayHowMany);

  // The search in the top bar: what is found is a list to move in with the arrows, while the words stay in the field.

  const options = () => [...byId("search-results").querySelectorAll("[role=option]")];

  const isOpen = () => byId("search")?.getAttribute("aria-expanded") === "true";

  const openResults = (open) => {
    const field = byId("search");
    if (!field) return;
    field.setAttribute("aria-expanded", String(open));
    byId("search-results").hidden = !open;
    if (open) field.setAttribute("aria-controls", "search-options");
    else field.removeAttribute("aria-controls");
    choose(null);
  };

  const choose = (option) => {
    options().forEach((other) => other.setAttribute("aria-selected", String(other === option)));
    if (option) byId("search").setAttribute("aria-activedescendant", option.id);
    else byId("search").removeAttribute("aria-activedescendant");
    option?.scrollIntoView({ block: "nearest" });
  };

  const chooseNext = (step) => {
    const found = options();
    if (!found.length) return;
    const at = found.findIndex((option) => option.getAttribute("aria-selected") === "true");
    if (!isOpen()) openResults(true);
    choose(found[at < 0 ? (step > 0 ? 0 : found.length - 1) : (at + step + found.length) % found.length]);
  };

  const keyInSearch = (event) => {
    if (event.isComposing) return;
    const chosen = options().find((option) => option.getAttribute("aria-selected") === "true");
    if (event.key === "ArrowDown" || event.key === "ArrowUp") chooseNext(event.key === "ArrowDown" ? 1 : -1);
    else if (event.key === "Enter" && isOpen() && chosen) chosen.click();
    else if (event.key === "Escape" && isOpen()) openResults(false);
    else return;
    event.preventDefault();
  };

  if (byId("search")) {
    byId("search").setAttribute("role", "combobox");
    byId("search").setAttribute("aria-autocomplete", "list");
    openResults(false);
    byId("search").addEventListener("keydown", keyInSearch);
    byId("search-results").parentElement.addEventListener("mousedown", (event) => {
      if (event.target.closest("#search-results")) event.preventDefault(); // the focus stays with the words
    });
    byId("search").form.addEventListener("focusout", ({ relatedTarget }) => {
      if (!byId("search").form.contains(relatedTarget)) openResults(false);
    });
  }

  document.addEventListener("htmx:afterSettle", ({ detail }) => {
    if (detail.target?.id !== "search-results") return;
    const { said } = byId("search-results").dataset;
    byId("search-said").textContent = said || "";
    openResults(Boolean(said) && document.activeElement === byId("search"));
  });

  // What is just being replaced is not confirmed any more: a preview, while the next one is on its way.

  document.addEventListener("submit", (event) => {
    if ((event.submitter || event.target).closest(".htmx-request:not(form)")) event.preventDefault();
  });

  // Rows that are walked with j and k, or with the arrows. What has the focus in each is marked `data-steps`, and what a
  // letter does there `data-act`. When its row goes, the next has the focus.

  let stepAt = -1;

  const steps = () => [...document.querySelectorAll("[data-steps]")];

  const stepNow = () => {
    const row = document.activeElement?.closest("tr");
    return steps().findIndex((step) => row?.contains(step));
  };

  const stepTo = (place) => {
    const stops = steps();
    stepAt = Math.max(0, Math.min(place, stops.length - 1));
    stops[stepAt]?.focus();
    stops[stepAt]?.closest("tr").scrollIntoView({ block: "nearest" });
  };

  const step = (down) => {
    const now = stepNow();
    if (down) stepTo(now + 1);
    else stepTo(now < 0 ? Infinity : now - 1);
  };

  const followArrow = ({ key, target }) => {
    const isOnStep = target.matches?.("[data-steps]") && (key === "ArrowDown" || key === "ArrowUp");
    if (isOnStep) step(key === "ArrowDown");
    return isOnStep;
  };

  const followRowKey = (letter) => {
    if (letter === "j" || letter === "k") step(letter === "j");
    else steps()[stepNow()]?.closest("tr").querySelector(`[data-act="${CSS.escape(letter)}"]`)?.click();
  };

  document.addEventListener("htmx:beforeRequest", () => (stepAt = stepNow()));

  document.addEventListener("htmx:afterSettle", () => {
    if (stepAt >= 0 && document.activeElement === document.body && steps().length) stepTo(stepAt);
  });

  // Keys. Single letters only where the person did not switch them off, and never while typing.

  let afterG = -Infinity;

  const isTyping = (element) => element.closest("input:not([type=checkbox]), textarea, select, [contenteditable]");

  const followKey = (letter) => document.querySelector(`.side-nav a[data-key="${CSS.escape(letter)}"]`)?.click();

  const showShortcuts = () => {
    openerId = "";
    byId("dialog").replaceChildren(byId("shortcuts-help").content.cloneNode(true));
    showDialog();
  };

  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") endDrag();
    if (event.key === "Escape" && !dialog()?.open) {
      const menu = event.target.closest?.("details.menu[open]") || openMenus()[0];
      if (menu) {
        menu.open = false;
        menu.querySelector("summary").focus();
      }
      return;
    }
    const isPlain = !event.ctrlKey && !event.metaKey && !event.altKey;
    if (isPlain && followArrow(event)) event.preventDefault();
    if (!isPlain || !("shortcuts" in root.dataset) || isTyping(event.target) || dialog()?.open) return;
    if (event.key === "/" && byId("search")) {
      event.preventDefault();
      byId("search").focus();
      byId("search").select();
    } else if (event.key === "?") {
      event.preventDefault();
      showShortcuts();
    } else if (event.timeStamp - afterG < 1000 && event.key.length === 1) {
      afterG = -Infinity;
      followKey(event.key);
    } else if (event.key === "g") {
      afterG = event.timeStamp;
    } else if (event.key.length === 1 && steps().length) {
      followRowKey(event.key);
    }
  });
})();
