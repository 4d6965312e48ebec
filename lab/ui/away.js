// What is said where the server does not answer, in the lab's own words: Streamlit's name itself and a command that
// starts no lab. Its dialog is there only while the connection is not. lab/ui/drawn_anew.js, which knows that, stands
// behind this file.

const AWAY = "The lab was ended, its machine sleeps, or it cannot be reached. As soon as it is there again, this page goes on by itself.";
const IN_OUR_WORDS = [
  [/^Connection error$/, "No connection to the lab"],
  [/^Is Streamlit still running\?/, `${AWAY} To start it again, in the folder of the lab:`],
  [/^Streamlit server is not responding\./, AWAY],
  [/^streamlit run yourscript\.py\s*$/, "python start.py"],
];

function sayItInOurWords() {
  for (const dialog of document.querySelectorAll("[role=dialog]")) {
    const texts = document.createTreeWalker(dialog, NodeFilter.SHOW_TEXT);
    while (texts.nextNode()) {
      const said = IN_OUR_WORDS.find(([theirs]) => theirs.test(texts.currentNode.data));
      if (said) texts.currentNode.data = said[1];
    }
  }
}

const dialogs = (window.labDialogs ??= new MutationObserver(sayItInOurWords));

// From now on, until the connection is there.
function watchDialogs(isAway) {
  dialogs.disconnect();
  if (!isAway) return;
  dialogs.observe(document.body, { childList: true, subtree: true });
  sayItInOurWords();
}
