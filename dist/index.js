import{main as i}from"./engine.js";await i(import.meta.url);
