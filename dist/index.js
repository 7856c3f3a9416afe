import{main as m}from"./bundle.js";await m(import.meta.url);
